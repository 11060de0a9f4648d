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
}

export type PackedLesson = readonly [stage: string, ...numbers: number[]];

export function packLesson({ due, traits, from, to, end }: Lesson): PackedLesson {
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
  ];
}

export function unpackLesson(packed: PackedLesson): Lesson {
  const [stage, due, from, to, end, at, gap, age, touchesIn, touchesOut, activity, event, people, pause, outboundAt] =
    packed as unknown as [string, ...number[]];
  return {
    due: due!,
    from: from!,
    to: to!,
    end: ENDS[end!]!,
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
