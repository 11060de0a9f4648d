/**
 * Lessons of silences on their way into the model: they wait in the task's state, in the bucket of the four hours in which the last of their
 * bins is over, and are learned together when they end (one durable timer a bucket). So the model, some tens of kilobytes, is
 * written six times a day at most and not with every touchpoint, and what came back is learned no sooner than what did not.
 */
import type { PackedLesson } from '../../core/stall/learned/lesson.ts';
import { isVerdict, isWin, unpackLesson, unpackVerdict, unpackWin } from '../../core/stall/learned/lesson.ts';
import { learnLessons, type PaceState } from '../../core/stall/learned/pace-model.ts';
import { learnWins, type WinState } from '../../core/score/win-model.ts';
import type { CompiledDefinition } from '../../core/definition/compile-definition.ts';
import { advanceKeys, readLessonsKey } from './advance-keys.ts';
import type { DeliverWork } from '../deliver/deliver-work.ts';

const BUCKET_MS = 4 * 3_600_000;
/** A list is written whole with each lesson that it takes: about 5 kB at most. */
const LESSONS_A_LIST = 64;
/** A bucket of more than this teaches nothing new; the share of silences that are learned from is lowered anyway. */
const LISTS_A_BUCKET = 200;
const TIMER = 'learn';

interface Bucket {
  /** Full lists, kept under keys of their own. */
  lists: number;
  lessons: readonly PackedLesson[];
}

const EMPTY: Bucket = { lists: 0, lessons: [] };

export function keepLesson(
  work: DeliverWork,
  workspace: string,
  definition: string,
  lesson: PackedLesson,
  now: number,
): void {
  const due = Math.max(lesson[1]!, now);
  const bucket = Math.floor(due / BUCKET_MS) + 1;
  const key = advanceKeys.lessons(workspace, definition, bucket);
  const { lists, lessons } = work.get<Bucket>(key) ?? EMPTY;
  if (lists >= LISTS_A_BUCKET) return;
  const next = [...lessons, lesson];
  if (next.length < LESSONS_A_LIST) work.set(key, { lists, lessons: next });
  else {
    work.set(advanceKeys.lessonList(workspace, definition, bucket, lists), next);
    work.set(key, { lists: lists + 1, lessons: [] });
  }
  work.timer(key, TIMER, bucket * BUCKET_MS);
}

/** The time of a bucket is over. */
export function learnBucket(
  work: DeliverWork,
  key: string,
  definitionOf: (workspace: string, name: string) => CompiledDefinition | undefined,
  now: number,
): void {
  const { workspace, definition: name, bucket } = readLessonsKey(key);
  const { lists, lessons } = work.get<Bucket>(key) ?? EMPTY;
  const packed: PackedLesson[] = [];
  for (let list = 0; list < lists; list++) {
    const listKey = advanceKeys.lessonList(workspace, name, bucket, list);
    packed.push(...(work.get<readonly PackedLesson[]>(listKey) ?? []));
    work.set(listKey, null);
  }
  packed.push(...lessons);
  work.set(key, null);
  const definition = definitionOf(workspace, name);
  if (!definition || packed.length === 0) return;
  const place = advanceKeys.pace(workspace, name);
  const { wallOf } = definition.businessTime;
  const verdicts = packed.filter(isVerdict).map(unpackVerdict);
  const wins = packed.filter(isWin).map(unpackWin);
  const silences = packed.filter((one) => !isVerdict(one) && !isWin(one)).map(unpackLesson);
  work.set(place, learnLessons(work.get<PaceState>(place), silences, now, wallOf, verdicts));
  const winPlace = advanceKeys.win(workspace, name);
  if (wins.length > 0) work.set(winPlace, learnWins(work.get<WinState>(winPlace), wins));
}
