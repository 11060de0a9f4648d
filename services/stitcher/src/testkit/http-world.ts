import type { Product } from '@cairn/testkit/product.ts';
import { namespaceOf, valueOf } from '../core/identifier-key.ts';
import { accountOfLabel, paramsOf, type ExpectedPerson, type StitchCase } from './run-case.ts';
import type { Call } from './touchpoint-of.ts';

/**
 * Runs a named case against the running product, over HTTP alone, in a workspace of its own. Over HTTP people are found by their
 * identifiers, so what is looked at is each expected person, the answers and who leads to nobody.
 */
export async function runOverHttp(product: Product, stitchCase: StitchCase): Promise<string[]> {
  const { body: workspace } = await product.api<Workspace>('POST', '/api/workspaces', {
    name: stitchCase.name.slice(0, 100),
  });
  const api = <T>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }> =>
    product.api<T>(method, path, body, workspace.adminToken);
  const answers: string[] = [];
  const startedAt = Date.now();

  /** Behind everything that was sent: commands and touchpoints share one inbox. */
  const settle = (): Promise<unknown> => api('PUT', '/api/identity/settings', stitchCase.settings ?? {});
  await settle();
  for (const [index, step] of stitchCase.steps.entries()) {
    if ('wait' in step) await new Promise((resolve) => setTimeout(resolve, step.wait));
    else if ('command' in step) {
      await settle();
      const names = [...JSON.stringify(step).matchAll(/"((?:userId|email|phone|device|anonymousId):[^"]+)"/g)].map(
        ([, name]) => name!,
      );
      const holders = new Map<string, string>();
      for (const name of names)
        holders.set(name, (await personOf(api, name))?.id ?? '00000000-0000-5000-8000-000000000000');
      const params = paramsOf(step, workspace.id, (name) => holders.get(name) ?? 'nobody');
      const { status, body } = await api<{ type?: string }>('POST', `/api/identity/${step.command}`, params);
      answers.push(status === 200 ? 'ok' : String(body.type).split('/').at(-1)!);
    } else await send(product, workspace.writeKey, { messageId: `step-${index + 1}`, ...step }, startedAt);
  }
  await settle();
  let faults: string[] = [];
  // The view follows the facts; it is a moment behind.
  for (let tries = 0; tries < 100; tries++) {
    faults = await faultsOf(api, stitchCase, workspace.id);
    if (faults.length === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (stitchCase.answers && answers.join() !== stitchCase.answers.join()) faults.push(`answers: ${answers.join()}`);
  return faults;
}

/** Whether the API takes everything that the case does: what ingest refuses (no userId and no anonymousId) never gets to the stitcher. */
export function isForHttp({ steps, notOverHttp }: StitchCase): boolean {
  if (notOverHttp !== undefined) return false;
  return steps.every((step) => {
    if ('wait' in step) return step.wait <= 5_000;
    if ('command' in step) return !JSON.stringify(step).includes('"#');
    return Boolean(step.anonymousId) || (step.userId !== undefined && !/^(null|undefined)$/.test(String(step.userId)));
  });
}

interface Workspace {
  id: string;
  writeKey: string;
  adminToken: string;
}

interface ApiPerson {
  id: string;
  ids: { namespace: string; value: string; shared: boolean }[];
  traits: Record<string, unknown>;
  accounts: { accountId: string; to: string | null }[];
  mergedFrom: string[];
}

type Api = <T>(method: string, path: string) => Promise<{ status: number; body: T }>;

async function personOf(api: Api, key: string): Promise<ApiPerson | null> {
  const query = new URLSearchParams({ namespace: namespaceOf(key), value: valueOf(key) });
  const { status, body } = await api<ApiPerson>('GET', `/api/people?${query}`);
  return status === 200 ? body : null;
}

async function faultsOf(api: Api, stitchCase: StitchCase, workspace: string): Promise<string[]> {
  const faults: string[] = [];
  for (const key of stitchCase.nobody ?? []) if (await personOf(api, key)) faults.push(`${key} leads to somebody`);
  const seen = new Map<string, string>();
  for (const expected of stitchCase.people) {
    const name = expected.ids.join(' ');
    for (const key of expected.ids) {
      const person = await personOf(api, key);
      if (!person) faults.push(`${key} leads to nobody`);
      else faults.push(...faultsOfPerson(expected, person, workspace));
      if (person && (seen.get(person.id) ?? name) !== name)
        faults.push(`${key} leads to the person of ${seen.get(person.id)}`);
      if (person) seen.set(person.id, name);
    }
  }
  return faults;
}

function faultsOfPerson(expected: ExpectedPerson, person: ApiPerson, workspace: string): string[] {
  const faults: string[] = [];
  const keys = (shared: boolean): string =>
    person.ids
      .filter((id) => id.shared === shared)
      .map(({ namespace, value }) => `${namespace}:${value}`)
      .sort()
      .join(' ');
  const ids = [...expected.ids].sort().join(' ');
  if (keys(false) !== ids) faults.push(`${ids} is ${keys(false)}`);
  if (expected.shared && keys(true) !== [...expected.shared].sort().join(' '))
    faults.push(`${ids} shares ${keys(true)}`);
  if (expected.mergedFrom !== undefined && person.mergedFrom.length !== expected.mergedFrom)
    faults.push(`${ids} absorbed ${person.mergedFrom.length}`);
  for (const [name, value] of Object.entries(expected.traits ?? {}))
    if (person.traits[name] !== value) faults.push(`${name} of ${ids} is ${String(person.traits[name])}`);
  if (expected.account !== undefined) {
    const wanted = expected.account === null ? null : accountOfLabel(workspace, expected.account);
    const found = person.accounts.find(({ to }) => to === null)?.accountId ?? null;
    if (found !== wanted) faults.push(`${ids} is on account ${found}, not ${expected.account}`);
  }
  return faults;
}

async function send(product: Product, writeKey: string, call: Call, startedAt: number): Promise<void> {
  const { at, bot, imported: _imported, context, ...rest } = call;
  const crawler = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
  const event = {
    ...rest,
    ...(call.type === 'track' ? { event: call.event ?? 'Clicked' } : {}),
    ...(at === undefined ? {} : { timestamp: new Date(startedAt + at).toISOString() }),
    context: { ...context, ...(bot ? { userAgent: crawler } : {}) },
  };
  const response = await fetch(`${product.first.url}/v1/batch`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${writeKey}:`)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ batch: [event] }),
  });
  if (!response.ok) throw new Error(`ingest answered ${response.status}: ${await response.text()}`);
}
