/** The journeys behind a cell of the map, in a dialogue that Escape closes. */
import { useEffect, useRef } from 'preact/hooks';
import { when, words } from '../format.ts';
import { CsvButton } from './csv.tsx';
import { Fault, useInsight } from './insight.tsx';

export interface ChosenCell {
  stage: string;
  touchpoint: string;
  by: 'event' | 'channel';
}
interface Behind {
  items: {
    id: string;
    status: string;
    stage: string;
    touches: number;
    lastAt: string;
    journey: { name: string | null; owner: string | null } | null;
  }[];
}
const SHOWN = 100;

export function BehindCell({ cell, onClose }: { cell: ChosenCell; onClose: () => void }) {
  const box = useRef<HTMLDialogElement>(null);
  // What is one in the map cannot be asked for by name: then the whole stage is shown.
  const isOther = cell.touchpoint === '(other)';
  const { data, fault, busy } = useInsight<Behind>('/api/map/journeys', {
    by: cell.by,
    stage: cell.stage,
    touchpoint: isOther ? undefined : cell.touchpoint,
    limit: SHOWN,
  });
  useEffect(() => box.current?.showModal(), []);
  return (
    <dialog class="behind" ref={box} onClose={onClose} aria-labelledby="behind-title">
      <div class="head">
        <h2 id="behind-title">
          {isOther ? 'Any touchpoint' : cell.touchpoint} in {words(cell.stage)}
        </h2>
        <button type="button" onClick={() => box.current?.close()}>
          Close
        </button>
      </div>
      <Fault text={fault} />
      {busy && !data && <p class="loading">Loading …</p>}
      {data && (
        <>
          <p class="soft">
            {data.items.length === SHOWN ? `The ${SHOWN} journeys with most of it` : `${data.items.length} journeys`},
            most touches first.{' '}
            <CsvButton
              name="journeys-behind-cell"
              head={['journey', 'name', 'status', 'stage now', 'touches', 'last']}
              rows={() =>
                data.items.map((item) => [
                  item.id,
                  item.journey?.name ?? null,
                  item.status,
                  item.stage,
                  item.touches,
                  item.lastAt,
                ])
              }
            />
          </p>
          <table>
            <thead>
              <tr>
                <th scope="col">Journey</th>
                <th scope="col">Status</th>
                <th scope="col">Stage now</th>
                <th scope="col" class="number">
                  Touches
                </th>
                <th scope="col">Last</th>
              </tr>
            </thead>
            <tbody>
              {data.items.map((item) => (
                <tr key={item.id}>
                  <td>
                    <a href={`#/journeys/${item.id}`}>{item.journey?.name ?? item.id}</a>
                  </td>
                  <td>{words(item.status)}</td>
                  <td>{words(item.stage)}</td>
                  <td class="number">{item.touches}</td>
                  <td>{when(item.lastAt)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </dialog>
  );
}
