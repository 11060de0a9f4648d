/** The versions of a definition: who put each live and when, what it changed, and back to it. */
import { useEffect } from 'preact/hooks';
import { useSignal } from '@preact/signals';
import { api } from '../api.ts';
import { when } from '../format.ts';
import { Confirm } from './confirm.tsx';
import { TextDiff } from './text-diff.tsx';

interface Version {
  version: number;
  live: boolean;
  by: string;
  at: string;
  restoredFrom: number | null;
}
type Against = 'before' | 'live';

export function DefinitionVersions({ name, restored }: { name: string; restored: () => void }) {
  const path = `/api/definitions/${encodeURIComponent(name)}/versions`;
  const versions = useSignal<Version[]>([]);
  const wrong = useSignal<string | null>(null);
  const chosen = useSignal<number | null>(null);
  const against = useSignal<Against>('before');
  const texts = useSignal<{ before: string; after: string } | null>(null);

  useEffect(() => {
    api<{ items: Version[] }>('GET', path).then(
      ({ items }) => (versions.value = items),
      (error: Error) => (wrong.value = error.message),
    );
  }, [name]);

  const textOf = async (version: number | undefined): Promise<string> =>
    version === undefined ? '' : (await api<{ source: string }>('GET', `${path}/${version}`)).source;

  async function show(version: number, other: Against): Promise<void> {
    chosen.value = version;
    against.value = other;
    texts.value = null;
    const place = versions.value.findIndex((one) => one.version === version);
    try {
      const [before, after] =
        other === 'before'
          ? await Promise.all([textOf(versions.value[place + 1]?.version), textOf(version)])
          : await Promise.all([textOf(versions.value[0]?.version), textOf(version)]);
      if (chosen.value === version && against.value === other) texts.value = { before, after };
    } catch (error) {
      wrong.value = (error as Error).message;
    }
  }

  async function restore(version: number): Promise<void> {
    wrong.value = null;
    try {
      await api<Version>('POST', `${path}/${version}/restore`);
      restored();
    } catch (error) {
      wrong.value = (error as Error).message;
    }
  }

  return (
    <section class="versions" aria-label="Versions">
      <h2>Versions</h2>
      {wrong.value && (
        <p class="fault" role="alert">
          {wrong.value}
        </p>
      )}
      <ol>
        {versions.value.map(({ version, live, by, at, restoredFrom }) => (
          <li key={version}>
            <strong>Version {version}</strong>
            {live && ' · live'}{' '}
            <span class="soft">
              {when(at)}, by {by}
              {restoredFrom !== null && `, from version ${restoredFrom}`}
            </span>
            <span class="controls">
              <button
                type="button"
                aria-expanded={chosen.value === version}
                onClick={() => (chosen.value === version ? (chosen.value = null) : void show(version, 'before'))}
              >
                What changed
              </button>
              {!live && (
                <Confirm label="Put back" sure={`Put version ${version} live`} act={() => void restore(version)} />
              )}
            </span>
            {chosen.value === version && (
              <div>
                <div class="segments" role="group" aria-label="Compare with">
                  <button
                    type="button"
                    aria-pressed={against.value === 'before'}
                    onClick={() => void show(version, 'before')}
                  >
                    With the one before
                  </button>
                  {!live && (
                    <button
                      type="button"
                      aria-pressed={against.value === 'live'}
                      onClick={() => void show(version, 'live')}
                    >
                      With the live one
                    </button>
                  )}
                </div>
                {texts.value ? (
                  <TextDiff {...texts.value} label={`Changes of version ${version}`} />
                ) : (
                  !wrong.value && <p class="loading">Loading …</p>
                )}
              </div>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
