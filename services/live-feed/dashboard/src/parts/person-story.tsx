/** Why a person is who it is, in words: what tied ids together, whom it absorbed, how it was split, what was decided about ids. */
import { when, words } from '../format.ts';
import { journeyIds, journeys } from '../store.ts';

interface Id {
  namespace: string;
  value: string;
}
interface Caused {
  cause?: string | null;
  touchpointId?: string | null;
}
export interface Edge extends Caused {
  ids: Id[];
}
export interface Merge extends Caused {
  at: string;
  from: string;
  into: string;
  edge: Id;
}
export interface Split extends Caused {
  at: string;
  into: { personId: string; ids: Id[] }[];
  cut: Id[];
}
export interface Decision extends Caused, Id {
  at: string;
  decision: string;
  reason: string;
}

const EDGES_SHOWN = 20;
const DECISIONS_SHOWN = 50;

/** What tied the ids together: each is something that came with all of them on it. */
export function Edges({ edges, personId }: { edges: readonly Edge[]; personId: string }) {
  if (edges.length === 0) return null;
  return (
    <ul class="ids edges">
      {edges.slice(0, EDGES_SHOWN).map((edge, index) => (
        <li key={index}>
          <Ids ids={edge.ids} /> came together
          <p>
            <Cause of={edge} personId={personId} />
          </p>
        </li>
      ))}
      {edges.length > EDGES_SHOWN && <li class="soft">and {edges.length - EDGES_SHOWN} more times</li>}
    </ul>
  );
}

export function Merges({ merges, personId }: { merges: readonly Merge[]; personId: string }) {
  return (
    <Told title="Merges" count={merges.length}>
      {merges.map((merge) => (
        <li key={merge.at + merge.from}>
          <code>{merge.from}</code> became one with{' '}
          {merge.into === personId ? 'this person' : <code>{merge.into}</code>}
          {merge.edge.namespace !== 'command' && (
            <>
              {' '}
              by <Ids ids={[merge.edge]} />
            </>
          )}
          <p>
            {when(merge.at)} · <Cause of={merge} personId={personId} />
          </p>
        </li>
      ))}
    </Told>
  );
}

export function Splits({ splits, personId }: { splits: readonly Split[]; personId: string }) {
  return (
    <Told title="Splits" count={splits.length}>
      {splits.map((split) => (
        <li key={split.at}>
          <Ids ids={split.cut} /> cut off
          {split.into
            .filter((part) => part.personId !== personId)
            .map((part) => (
              <p key={part.personId}>
                <Ids ids={part.ids} /> went to <a href={`#/people/${part.personId}`}>{part.personId}</a>
              </p>
            ))}
          <p>
            {when(split.at)} · <Cause of={split} personId={personId} />
          </p>
        </li>
      ))}
    </Told>
  );
}

export function Decisions({ decisions, personId }: { decisions: readonly Decision[]; personId: string }) {
  return (
    <Told title="Decisions" count={decisions.length}>
      {decisions.slice(0, DECISIONS_SHOWN).map((one) => (
        <li key={one.at + one.decision + one.namespace + one.value}>
          <Ids ids={[one]} /> <span class="role">{one.decision}</span>
          <p>
            {words(one.reason)} · {when(one.at)} · <Cause of={one} personId={personId} />
          </p>
        </li>
      ))}
    </Told>
  );
}

function Told({ title, count, children }: { title: string; count: number; children: preact.ComponentChildren }) {
  if (count === 0) return null;
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <ul class="ids">{children}</ul>
    </section>
  );
}

function Ids({ ids }: { ids: readonly Id[] }) {
  return (
    <>
      {ids.map(({ namespace, value }, place) => (
        <span key={namespace + value}>
          {place > 0 && (place === ids.length - 1 ? ' and ' : ', ')}
          {words(namespace)} <strong>{value}</strong>
        </span>
      ))}
    </>
  );
}

/** The touchpoint that said so, on the journey where it stands; or that somebody ordered it. */
function Cause({ of, personId }: { of: Caused; personId: string }) {
  void journeyIds.value;
  if (!of.touchpointId) return <>by hand{of.cause ? ` (${of.cause})` : ''}</>;
  const journey = [...journeys.values()]
    .map((one) => one.peek())
    .find(({ people }) => people.some(({ id }) => id === personId));
  return (
    <>
      touchpoint{' '}
      {journey ? (
        <a href={`#/journeys/${journey.id}`} title="On the journey">
          {of.touchpointId}
        </a>
      ) : (
        <code>{of.touchpointId}</code>
      )}
    </>
  );
}
