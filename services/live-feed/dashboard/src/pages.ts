/** The pages of the navigation, in its order, each loaded when it is first shown. A page that is not in this build has no link. */
import type { ComponentType } from 'preact';
import { lazy } from './parts/lazy.tsx';
import { Board } from './pages/board.tsx';

interface Entry {
  name: string;
  label: string;
}

export const GROUPS: readonly { label: string; pages: readonly Entry[] }[] = [
  {
    label: 'Buyers',
    pages: [
      { name: 'board', label: 'Board' },
      { name: 'alerts', label: 'Alerts' },
    ],
  },
  {
    label: 'Insight',
    pages: [
      { name: 'map', label: 'Map' },
      { name: 'funnel', label: 'Funnel' },
      { name: 'paths', label: 'Paths' },
      { name: 'attribution', label: 'Attribution' },
      { name: 'metrics', label: 'Metrics' },
      { name: 'actions', label: 'Actions' },
    ],
  },
  {
    label: 'Flow',
    pages: [
      { name: 'live-tail', label: 'Live tail' },
      { name: 'deliveries', label: 'Deliveries' },
      { name: 'dead-letters', label: 'Dead letters' },
      { name: 'operations', label: 'Operations' },
    ],
  },
  {
    label: 'Set up',
    pages: [
      { name: 'definitions', label: 'Definitions' },
      { name: 'sources', label: 'Sources' },
      { name: 'tokens', label: 'Tokens' },
    ],
  },
];

type Page = ComponentType<{ id?: string | undefined }>;
type Module = Record<string, unknown>;

const files = import.meta.glob<Module>(['./pages/*.tsx', '!./pages/board.tsx']);

/** Of a module: its default export, else what is called `…Page`. */
const pageIn = (module: Module): Page =>
  (module.default ?? Object.entries(module).find(([name]) => name.endsWith('Page'))?.[1]) as Page;

const PAGES = new Map<string, Page>([['board', Board as Page]]);
for (const [file, load] of Object.entries(files))
  PAGES.set(
    file.slice('./pages/'.length, -'.tsx'.length),
    lazy(() => load().then(pageIn)),
  );

/** In the address, a page of one thing is named after the many. */
const FILES: Readonly<Record<string, string>> = { journeys: 'journey', people: 'person' };

export const pageOf = (name: string): Page | undefined => PAGES.get(FILES[name] ?? name);
