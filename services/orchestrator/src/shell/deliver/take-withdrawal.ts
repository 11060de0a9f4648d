import type { DeliveriesWithdrawn } from '@cairn/contracts/generated/delivery.ts';
import { WITHDRAWAL_KEPT_MS, withWithdrawal } from '../../core/deliver/withdrawal.ts';
import type { Withdrawal } from '../../core/deliver/withdrawal.ts';
import type { OpenEndpoint } from './deliver-endpoint.ts';
import { keys } from './deliver-keys.ts';
import type { DeliverWork } from './deliver-work.ts';
import { startJob } from './start-job.ts';
import { withdrawLatest } from './supersede.ts';

/**
 * What must not be sent any more. Of a journey's outreach the newest action is known by its journey, and ends at once. All else is
 * remembered and compared with every message before every attempt, while a job goes through what waits.
 */
export function takeWithdrawal(work: DeliverWork, open: OpenEndpoint, asked: DeliveriesWithdrawn, now: number): void {
  const { workspace, endpointId, personId, journeyId, alertId, types, state, reason, at } = asked;
  const isOutreach = types.length === 1 && types[0] === 'action.requested';
  if (personId === null && journeyId !== null && isOutreach)
    return withdrawLatest(work, open, asked, journeyId, { alertId, state, reason });
  const key = keys.withdrawals(workspace, endpointId);
  const added: Withdrawal = { personId, journeyId, types, state, reason, at, takenAt: now };
  const withdrawals = withWithdrawal(work.get<readonly Withdrawal[]>(key) ?? [], added);
  work.set(key, withdrawals);
  work.timer(key, 'forget', now + WITHDRAWAL_KEPT_MS);
  open.countWithdrawals(withdrawals.length);
  startJob(work, workspace, endpointId, 'withdraw', {}, now);
}
