/**
 * `data.sequence`: rises with each fact of a journey, so that a receiver can put them in order and drop what is older than what it has. Made
 * of the journey's seq alone, so that a replayed fact has the number it had. Gaps mean nothing.
 */

/** Facts of one change of a journey, in the order in which they are told. */
const KINDS = ['stall', 'role-silent', 'single-threaded', 'role-missing'];
const STEPS = ['resolved', 'opened', 'acknowledged', 'snoozed', 'escalated'];
const REST = [
  'action.withdrawn',
  'action.requested',
  'journey.stage_changed',
  'journey.qualified',
  'journey.won',
  'journey.lost',
];
/** Room for all of the above and more to come. */
const PER_CHANGE = 100;

/** null: it belongs to no journey, or to one whose seq is not told. */
export function sequenceOf(type: string, data: Record<string, unknown>): number | null {
  const journey = data['journey'] as { seq?: unknown } | null | undefined;
  const seq = type.startsWith('journey.') ? data['seq'] : journey?.seq;
  if (typeof seq !== 'number') return null;
  return seq * PER_CHANGE + placeOf(type, data['kind']);
}

function placeOf(type: string, kind: unknown): number {
  const [group, step = ''] = type.split('.');
  if (group === 'alert')
    return Math.max(0, KINDS.indexOf(String(kind))) * STEPS.length + Math.max(0, STEPS.indexOf(step));
  const place = REST.indexOf(type);
  return KINDS.length * STEPS.length + (place < 0 ? REST.length : place);
}
