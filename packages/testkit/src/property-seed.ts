/** Property tests draw from one seed, so that a red run is red again; CAIRN_TEST_SEED tries another (a failure prints it). */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.CAIRN_TEST_SEED ?? 42) });
