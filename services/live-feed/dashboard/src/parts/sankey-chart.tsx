/** Bands between steps: the width of a band is how many journeys went that way. Its twin is the table below it on the page. */
import { sankey, sankeyJustify, sankeyLinkHorizontal } from 'd3-sankey';
import { words } from '../format.ts';

export interface Flow {
  nodes: { id: string; place: number; name: string; journeys: number }[];
  links: { source: string; target: string; journeys: number }[];
}
interface Node {
  id: string;
  name: string;
  journeys: number;
}
interface Link {
  journeys: number;
}

const WIDTH = 1_100;
const NODE_WIDTH = 14;
const MARGIN = 12;
const ROW_HEIGHT = 46;
/** A label needs so much height of its node's own, else it would lie on its neighbour's. */
const LABEL_HEIGHT_MIN = 9;

export function SankeyChart({ flow }: { flow: Flow }) {
  const perPlace = Map.groupBy(flow.nodes, ({ place }) => place);
  const height = Math.max(220, Math.max(...[...perPlace.values()].map((nodes) => nodes.length)) * ROW_HEIGHT);
  const graph = sankey<Node, Link>()
    .nodeId(({ id }) => id)
    .nodeAlign(sankeyJustify)
    .nodeWidth(NODE_WIDTH)
    .nodePadding(18)
    .extent([
      [MARGIN, MARGIN],
      [WIDTH - MARGIN, height - MARGIN],
    ])({
    nodes: flow.nodes.map(({ id, name, journeys }) => ({ id, name, journeys })),
    links: flow.links.map(({ source, target, journeys }) => ({ source, target, value: journeys, journeys })),
  });
  const path = sankeyLinkHorizontal<Node, Link>();
  const most = Math.max(...graph.nodes.map(({ x0 }) => x0 ?? 0));
  return (
    <svg
      class="sankey"
      viewBox={`0 0 ${WIDTH} ${height}`}
      role="img"
      aria-label="Paths of journeys; the table below has the same figures"
    >
      {graph.links.map((link, i) => {
        const from = link.source as Node;
        const to = link.target as Node;
        return (
          <path key={i} class={`link ${endOf(to)}`} d={path(link) ?? ''} stroke-width={Math.max(1, link.width ?? 1)}>
            <title>{`${labelOf(from)} → ${labelOf(to)}: ${link.journeys.toLocaleString()} journeys`}</title>
          </path>
        );
      })}
      {graph.nodes.map((node) => {
        const { x0 = 0, x1 = 0, y0 = 0, y1 = 0 } = node;
        const isLast = x0 === most;
        return (
          <g key={node.id}>
            <rect class={`node ${endOf(node)}`} x={x0} y={y0} width={x1 - x0} height={Math.max(1, y1 - y0)}>
              <title>{`${labelOf(node)}: ${node.journeys.toLocaleString()} journeys`}</title>
            </rect>
            {(y1 - y0 >= LABEL_HEIGHT_MIN || endOf(node) !== '') && (
              <text x={isLast ? x0 - 6 : x1 + 6} y={(y0 + y1) / 2} dy="0.35em" text-anchor={isLast ? 'end' : 'start'}>
                {labelOf(node)} {node.journeys.toLocaleString()}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}

/** What becomes of a journey has a mark of its own besides its words. */
function endOf({ id }: Node): string {
  if (!id.startsWith('end:')) return '';
  return id === 'end:(goes on)' ? 'more' : id.slice('end:'.length);
}

function labelOf({ name }: Node): string {
  if (name === '(goes on)') return 'More steps';
  const text = words(name);
  return text.length > 26 ? `${text.slice(0, 25)}…` : text;
}
