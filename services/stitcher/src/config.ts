/** What an operator may set of the stitcher: nothing yet; what a workspace may set is state (core/settings.ts). */
export type StitcherConfig = Readonly<Record<string, never>>;

export function readStitcherConfig(): StitcherConfig {
  return {};
}
