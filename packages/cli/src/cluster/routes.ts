/** Which service has which paths of the one API. The first match counts; infra/proxy has the same table for people with a proxy of their own. */
export const ROUTES = [
  { service: 'ingest', path: /^\/v1(\/|$)/ },
  { service: 'stitcher', path: /^\/api\/identity(\/|$)/ },
  // A dry run reads the history, which live-feed has.
  { service: 'live-feed', path: /^\/api\/definitions\/dry-run$/ },
  { service: 'orchestrator', path: /^\/api\/(definitions|endpoints|deliveries|workspaces|tokens|sources)(\/|$)/ },
  { service: 'live-feed', path: /^\// },
] as const;

export type ServiceName = (typeof ROUTES)[number]['service'];
