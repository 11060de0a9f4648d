/** Opens and ends the alerts of roles: `role-missing`, `role-silent`, `single-threaded`. One alert for each trouble, whatever becomes of it. */
import { formatDuration } from '@cairn/clock/calendar.ts';
import { openAlert } from '../alert.ts';
import { renderLastTouchpoints } from '../render-touchpoint.ts';
import { amountOf, inWords } from '../stall/in-words.ts';
import { alertMoment } from '../owner-hours.ts';
import { findRoleTrouble, type RoleFinding } from '../stall/role-watch.ts';
import { judgedUntil } from '../verdict.ts';
import { assignOwner, closeAlert, setTimer, tellAlert, type Draft } from './draft.ts';
import { armEscalation, hasEnded } from './settle-stall.ts';

const KINDS = ['role-missing', 'role-silent', 'single-threaded'] as const;

/** After a touchpoint, or when a trouble is due. */
export function settleRoles(draft: Draft): void {
  const { journey, definition, subject, now } = draft;
  if (!definition.source.requiredRoles) return;
  const findings = hasEnded(journey) ? [] : findRoleTrouble(definition, journey, subject.unit);
  let next: number | null = null;
  for (const kind of KINDS) {
    const finding = findings.find((one) => one.kind === kind);
    const told = journey.roles?.[kind];
    if (!finding || (told !== undefined && told !== finding.key)) closeAlert(draft, kind, 'buyer', 'buyer');
    if (!finding || told === finding.key) continue;
    const due = Math.max(finding.dueAt, now, judgedUntil(journey, kind) ?? now);
    // Whose hours count must be known before they are waited for.
    if (due <= now && definition.ownerHours.size > 0 && !draft.imported) assignOwner(draft);
    const opensAt = alertMoment(definition, subject, journey, due);
    if (opensAt > now) next = Math.min(next ?? opensAt, opensAt);
    else {
      journey.roles = { ...journey.roles, [kind]: finding.key };
      // Imported history: what is due already is state, not an alert.
      if (!draft.imported) open(draft, finding);
    }
  }
  setTimer(draft, 'roles', next);
}

function open(draft: Draft, { kind, since, text, quietPersonId }: RoleFinding): void {
  const { journey, journeyId, subject, now } = draft;
  const alert = openAlert({
    journeyId,
    seq: journey.seq,
    kind,
    stage: journey.stage,
    at: now,
    reason: {
      text: kind === 'role-silent' ? `${text} ${inWords(amountOf(now - since))}, while others stay active` : text,
      silentFor: formatDuration(now - since),
      normalPause: null,
      probability: null,
      quietPersonId,
      lastTouchpoints: renderLastTouchpoints(journey.last, subject.account?.id ?? null),
    },
  });
  tellAlert(draft, 'alert.opened', alert);
  armEscalation(draft, kind, now);
}
