/** A running Cairn's touchpoints, page by page, sorted as a file would be: bounded by the disk, not by memory. */
import { systemClock } from '@cairn/clock/clock.system.ts';
import { formatInstant } from '@cairn/clock/calendar.ts';
import { apiTarget, type ApiOptions } from '../api-client.ts';
import { timeOfRow } from '@cairn/replay/row-time.ts';
import { createSortedRows, type SortedRows } from '../replay/sort-rows.ts';

/** Of the last `sinceMs`. */
export async function readHistory(options: ApiOptions, sinceMs: number): Promise<SortedRows> {
  const { url, token } = apiTarget(options);
  const from = formatInstant(systemClock.now() - sinceMs);
  const rows = createSortedRows();
  let number = 0;
  let cursor: string | null = null;
  try {
    do {
      const target: URL = new URL('/api/touchpoints', url);
      target.search = new URLSearchParams({ from, ...(cursor === null ? {} : { cursor }) }).toString();
      const response: Response = await fetch(target, { headers: { authorization: `Bearer ${token}` } });
      const text = await response.text();
      if (!response.ok) throw new Error(`${target.href} answered ${response.status}: ${text.slice(0, 200)}`);
      for (const line of text.split('\n')) {
        if (line === '') continue;
        const item = JSON.parse(line) as unknown;
        rows.add({ at: timeOfRow(item) as number, number: ++number, text: line, item });
      }
      cursor = response.headers.get('cairn-next');
    } while (cursor !== null);
    return rows;
  } catch (error) {
    rows.close();
    throw error;
  }
}
