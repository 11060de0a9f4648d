/** A lesson: what one silence teaches once some of its bins are over. Plain numbers in a list, because thousands wait in a task's state. */
import type { SilenceTraits } from './traits.ts';

export type LessonEnd = 'silent' | 'returned' | 'ended';
const ENDS: readonly LessonEnd[] = ['silent', 'returned', 'ended'];

export interface Lesson {
  /** Epoch ms from which it may be learned: the last of its bins is over. */
  due: number;
  traits: SilenceTraits;
  /** The bins that are over. */
  from: number;
  to: number;
  /** What ended the last of them. */
  end: LessonEnd;
  /** When the buyer came back (epoch ms); −1 where that is not what ended it. */
  returnAt: number;
}

export type PackedLesson = readonly [stage: string, ...numbers: number[]];

/** What came of a foretelling, in the same lists: no stage is called so. */
export interface Verdict {
  due: number;
  /** The place of the horizon in `RECALIBRATED_MS`. */
  horizon: number;
  /** As it was foretold. */
  logit: number;
  silent: boolean;
  /** Lessons that the model had learned which foretold it. */
  known: number;
}

const VERDICT = '\u0000verdict';

export function packVerdict({ due, horizon, logit, silent, known }: Verdict): PackedLesson {
  return [VERDICT, due, horizon, logit, silent ? 1 : 0, known];
}

export function isVerdict(packed: PackedLesson): boolean {
  return packed[0] === VERDICT;
}

export function unpackVerdict([, due, horizon, logit, silent, known]: PackedLesson): Verdict {
  return { due: due!, horizon: horizon!, logit: logit!, silent: silent === 1, known: known ?? 0 };
}

export function packLesson({ due, traits, from, to, end, returnAt }: Lesson): PackedLesson {
  const { stage, at, gap, age, touchesIn, touchesOut, activity, event, people, pause, outboundAt } = traits;
  return [
    stage,
    due,
    from,
    to,
    ENDS.indexOf(end),
    at,
    gap,
    age,
    touchesIn,
    touchesOut,
    activity,
    event,
    people,
    pause,
    outboundAt,
    returnAt,
  ];
}

export function unpackLesson(packed: PackedLesson): Lesson {
  const [stage, due, from, to, end, at, gap, age, touchesIn, touchesOut, activity, event, people, ...rest] = packed;
  const [pause, outboundAt, returnAt] = rest;
  return {
    due: due!,
    from: from!,
    to: to!,
    end: ENDS[end!]!,
    returnAt: returnAt ?? -1,
    traits: {
      stage,
      at: at!,
      gap: gap!,
      age: age!,
      touchesIn: touchesIn!,
      touchesOut: touchesOut!,
      activity: activity!,
      event: event!,
      people: people!,
      pause: pause!,
      outboundAt: outboundAt!,
    },
  };
}

const WIN = '\u0000win';

/** What became of a journey, for the model of winning. */
export function packWin({ due, won, slots }: { due: number; won: boolean; slots: readonly number[] }): PackedLesson {
  return [WIN, due, won ? 1 : 0, ...slots];
}

export function isWin(packed: PackedLesson): boolean {
  return packed[0] === WIN;
}

export function unpackWin([, , won, ...slots]: PackedLesson): { won: boolean; slots: readonly number[] } {
  return { won: won === 1, slots };
}
