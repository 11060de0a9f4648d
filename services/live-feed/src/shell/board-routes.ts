/** `GET /api/board`: how many journeys stand in each stage, by status, under the filters of `GET /api/journeys`. Answers from the view; lists nobody. */
import type { Express } from 'express';
import type { Clock } from '@cairn/clock/clock.ts';
import { authorise } from '@cairn/service-kit/authorise.ts';
import type { ControlMirror } from '@cairn/service-kit/control-mirror.ts';
import { filterKey, parseFilter } from '../core/board-filter.ts';
import { createGenerations } from './generations.ts';
import { BUDGET_A_TURN } from './in-turns.ts';
import { badRequest } from './paging.ts';
import type { JourneyCount } from './view-journeys.ts';
import type { View } from './view.ts';

/** One million journeys take some seconds to count, in turns; past it the counts are a lower bound and say so. */
const TURNS_MAX = 200;
/** A count is shared for a second: a board that opens in a hundred browsers is counted once. */
const SHARED_MS = 1_000;
const SHARED_MAX = 100;

interface BoardCounts {
  items: JourneyCount[];
  /** False: there are more journeys than were counted. */
  complete: boolean;
}

export function addBoardRoutes(
  app: Express,
  { view, clock, control }: { view: View; clock: Clock; control: Pick<ControlMirror, 'grantOf'> },
): void {
  const shared = createGenerations<{ at: number; counts: Promise<BoardCounts> }>(SHARED_MAX);

  async function count(workspace: string, filter: NonNullable<ReturnType<typeof parseFilter>>): Promise<BoardCounts> {
    await view.store.settle();
    const now = clock.now();
    const sums = new Map<string, JourneyCount>();
    let from = null;
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      const { counts, next } = view.journeys.count(workspace, filter, { from, budget: BUDGET_A_TURN, now });
      for (const one of counts) {
        const key = `${one.definition}/${one.stage}/${one.status}`;
        const known = sums.get(key);
        if (known) known.journeys += one.journeys;
        else sums.set(key, one);
      }
      from = next;
      if (from === null) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const items = [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
    return { items, complete: from === null };
  }

  app.get('/api/board', async (request, response) => {
    const { workspace } = authorise({ control, clock }, request, 'read');
    const filter = parseFilter(request.query);
    if (!filter) throw badRequest('stage, status, owner, definition, minScore, text and stalled are the filters');
    const key = `${workspace}/${filterKey(filter)}`;
    const kept = shared.get(key);
    const fresh = kept && clock.monotonic() - kept.at < SHARED_MS ? kept.counts : count(workspace, filter);
    if (fresh !== kept?.counts) {
      shared.set(key, { at: clock.monotonic(), counts: fresh });
      fresh.catch(() => shared.delete(key));
    }
    response.json(await fresh);
  });
}
