import type { HostedHistory } from '@cairn/history/history-host.ts';
import { deliveryAttempts, deliveryReport, withdrawnDeliveries } from '@cairn/history/queries/deliveries.ts';
import type { DeliveryHistory } from './delivery-report-routes.ts';

/** The port for webhooks over any time, answered by ClickHouse. */
export function deliveryHistory(history: Pick<HostedHistory, 'query'>): DeliveryHistory {
  return {
    report: (where) => deliveryReport(history, where),
    attempts: (where) => deliveryAttempts(history, where),
    withdrawn: (where) => withdrawnDeliveries(history, where),
  };
}
