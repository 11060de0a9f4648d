/** Waits until a version of a definition stands in every partition: a touchpoint sent after that is advanced by it. */
import type { Ports } from '@cairn/service-kit/service.ts';

/** The control task needs one cycle; more means that the log or every orchestrator is away. */
const LIVE_WITHIN_MS = 10_000;

/** False when it is not live in time; it will be. */
export async function awaitDefinitionLive(
  { control, clock }: Pick<Ports, 'control' | 'clock'>,
  workspace: string,
  name: string,
  version: number,
): Promise<boolean> {
  const isLive = (): boolean => control.liveVersion(workspace, name) >= version;
  if (isLive()) return true;
  return new Promise((resolve) => {
    const stopListening = control.onChange(() => {
      if (isLive()) settle(true);
    });
    const cancel = clock.after(LIVE_WITHIN_MS, () => settle(false));
    function settle(live: boolean): void {
      stopListening();
      cancel();
      resolve(live);
    }
  });
}
