import { createSecureContext } from 'node:tls';
import { randomBytes } from 'node:crypto';
import { formatInstant, formatInstantOrNull } from '@cairn/clock/calendar.ts';
import { idOf } from '@cairn/contracts/ids.ts';
import { encodeJson } from '@cairn/contracts/json.ts';
import { keyOf, partitionOf } from '@cairn/contracts/topics.ts';
import type { Endpoint } from '@cairn/contracts/generated/control.ts';
import type { DeliveryCommand } from '@cairn/contracts/generated/delivery.ts';
import type { NewRecord } from '@cairn/log/log.ts';
import type { Ports } from '@cairn/service-kit/service.ts';
import type { AuthInput } from '../../core/deliver/endpoint-auth.ts';
import { formatSchedule, readEndpointInput } from '../../core/deliver/endpoint-settings.ts';
import type { EndpointInput, Fault } from '../../core/deliver/endpoint-settings.ts';
import { warningsOf } from '../../core/deliver/presets.ts';
import { parseSigningKey, publicKeyText } from '../../core/deliver/sign.ts';
import { FORBIDDEN } from '../../core/deliver/webhook-target.ts';
import { refuse } from './request-parts.ts';
import type { SecretBox } from '../deliver/secrets.ts';
import { RESERVED_HEADERS } from '../deliver/send-webhook.ts';
import type { VetTarget } from '../deliver/vet-address.ts';
import { compileTemplate } from '../deliver/webhook-template.ts';

/** Between the routes and the log: reads and vets settings, seals what is secret, writes endpoints and commands, shows what may be seen. */
export interface EndpointWriter {
  /** Read and vetted; throws a problem that names every field at fault. */
  read(body: unknown, required: readonly (keyof EndpointInput)[]): Promise<EndpointInput>;
  /** Resolves once the endpoint is durable, mirrored, and in the deliverer's inbox. */
  put(endpoint: Endpoint): Promise<void>;
  remove(endpoint: Endpoint): Promise<void>;
  command(
    endpoint: Endpoint,
    name: DeliveryCommand['command'],
    by: string,
    more?: Partial<DeliveryCommand> & { idempotencyKey?: string | null },
  ): Promise<DeliveryCommand>;
  /** A record for the deliverer's inbox, to the endpoint's partition. */
  inboxRecord(endpoint: Pick<Endpoint, 'workspace' | 'id'>, value: unknown): NewRecord;
  sealKey(endpointId: string, text: string): Endpoint['secrets'][number];
  /** A key's text; null where it does not open. */
  openKey(endpointId: string, key: Endpoint['secrets'][number]): string | null;
  sealHeaders(endpointId: string, headers: Record<string, string>): Record<string, string>;
  sealAuth(endpointId: string, auth: AuthInput | null): Endpoint['auth'];
  /** As the API answers it: no secret, no header's value. */
  shown(endpoint: Endpoint): { id: string } & Record<string, unknown>;
}

export interface EndpointWriterDeps {
  ports: Ports;
  secrets: SecretBox;
  vet: VetTarget;
  /** `host:port` entries of CAIRN_WEBHOOK_ALLOW. */
  allow: readonly string[];
  /** Of endpoints that name none, ms. */
  retryScheduleMs: readonly number[];
}

/**
 * Every forbidden target is answered this long after it was asked for, whether an address, a name that is never looked up, or one that a
 * name server answered at once: the time must not tell which it was. A name server that takes longer must not hold the answer: the
 * sender will find out.
 */
export const FORBIDDEN_AFTER_MS = 1_000;
const UNREADABLE = 'its secret cannot be opened: was CAIRN_SECRET_KEY changed? Rotate it, or start with the key it had';

export function createEndpointWriter(deps: EndpointWriterDeps): EndpointWriter {
  const { ports, secrets } = deps;
  const context = { allow: deps.allow, defaultSchedule: deps.retryScheduleMs, reservedHeaders: RESERVED_HEADERS };

  function inboxRecord(endpoint: Pick<Endpoint, 'workspace' | 'id'>, value: unknown): NewRecord {
    const key = keyOf.endpoint(endpoint.workspace, endpoint.id);
    const topic = 'delivery-inbox';
    return { topic, partition: partitionOf(key, ports.log.partitions(topic)), key, value: encodeJson(value) };
  }

  /** A name that does not resolve yet may do so later; a forbidden one answers like any other forbidden target. */
  async function isForbidden(url: string): Promise<boolean> {
    const vetted = await Promise.race([deps.vet(url), ports.clock.sleep(FORBIDDEN_AFTER_MS).then(() => null)]);
    return vetted !== null && !vetted.ok && vetted.code === 'target_forbidden';
  }

  /** A secret that does not open is said, not thrown: the endpoint must still be listed, changed and rotated. */
  function publicKeyOf(
    endpoint: Endpoint,
    current: Endpoint['secrets'][number] | undefined,
  ): { publicKey: string | null; unreadable: boolean } {
    if (!current) return { publicKey: null, unreadable: false };
    const text = openKey(endpoint.id, current);
    if (text === null) return { publicKey: null, unreadable: true };
    return { publicKey: current.scheme === 'v1a' ? publicKeyText(parseSigningKey(text)) : null, unreadable: false };
  }

  function openKey(endpointId: string, { key }: Endpoint['secrets'][number]): string | null {
    try {
      return secrets.open(key, endpointId);
    } catch {
      return null;
    }
  }

  return {
    async read(body, required) {
      const answerAt = ports.clock.monotonic() + FORBIDDEN_AFTER_MS;
      const { input, faults } = readEndpointInput(body, context);
      for (const name of required)
        if (input[name] === undefined && !faults.some((fault) => fault.path === name || fault.path === ''))
          faults.push({ path: name, message: 'is missing' });
      const { secret, template, auth } = input;
      if (secret !== undefined) check(faults, 'secret', () => parseSigningKey(secret));
      if (template) check(faults, 'template', () => compileTemplate(template));
      if (auth?.type === 'mtls')
        check(
          faults,
          'auth',
          () => createSecureContext({ cert: auth.certificate, key: auth.key }),
          'is no certificate with its key',
        );
      if (faults.length === 0) {
        const [url, tokenUrl] = await Promise.all([
          input.url !== undefined && isForbidden(input.url),
          auth?.type === 'oauth2' && isForbidden(auth.tokenUrl),
        ]);
        if (url) faults.push({ path: 'url', message: FORBIDDEN });
        if (tokenUrl) faults.push({ path: 'auth.tokenUrl', message: FORBIDDEN });
      }
      if (faults.some(({ message }) => message === FORBIDDEN))
        await ports.clock.sleep(Math.max(0, answerAt - ports.clock.monotonic()));
      refuse(faults);
      return input;
    },
    async put(endpoint) {
      const change = { type: 'endpoint.put', workspace: endpoint.workspace, endpoint, at: ports.clock.now() } as const;
      await ports.control.put(change);
      // The inboxes get their copies from the control task too (an older version changes nothing); these are there before whatever the caller
      // does next: a touchpoint sent right after the answer must not be advanced by a partition that does not know the endpoint.
      const { log } = ports;
      const topic = 'journey-inbox';
      const key = keyOf.control(endpoint.workspace, 'endpoint', endpoint.id);
      const value = encodeJson(change);
      const everywhere = Array.from({ length: log.partitions(topic) }, (_, partition) => ({
        topic,
        partition,
        key,
        value,
      }));
      await log.append([inboxRecord(endpoint, change), ...everywhere]);
    },
    async remove({ workspace, id }) {
      const change = { type: 'endpoint.removed', workspace, id, at: ports.clock.now() } as const;
      await ports.control.put(change);
      await ports.log.append([inboxRecord({ workspace, id }, change)]);
    },
    async command(endpoint, name, by, { idempotencyKey, ...more } = {}) {
      const asked: DeliveryCommand = {
        type: 'delivery.command',
        workspace: endpoint.workspace,
        // The deliverer carries out a command's id once, so that a request that is sent again does nothing again.
        commandId: idOf('cmd', endpoint.id, name, idempotencyKey ?? randomBytes(16).toString('hex')),
        endpointId: endpoint.id,
        command: name,
        deliveryId: null,
        since: null,
        by,
        at: ports.clock.now(),
        ...more,
      };
      await ports.log.append([inboxRecord(endpoint, asked)]);
      return asked;
    },
    inboxRecord,
    sealKey: (endpointId, text) => ({
      key: secrets.seal(text, endpointId),
      scheme: parseSigningKey(text).scheme,
      until: null,
    }),
    openKey,
    sealHeaders: (endpointId, headers) =>
      Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, secrets.seal(text, endpointId)])),
    sealAuth(endpointId, auth) {
      if (auth === null) return null;
      if (auth.type === 'mtls') return { ...auth, key: secrets.seal(auth.key, endpointId) };
      return { ...auth, clientSecret: secrets.seal(auth.clientSecret, endpointId) };
    },
    shown(endpoint) {
      const {
        secrets: keys,
        headers,
        schedule,
        createdAt,
        auth,
        version: _version,
        workspace: _ws,
        disabledAt,
        ...rest
      } = endpoint;
      const current = keys.find((key) => key.until === null);
      const { publicKey, unreadable } = publicKeyOf(endpoint, current);
      const warnings = [...warningsOf(endpoint.preset, endpoint.url), ...(unreadable ? [UNREADABLE] : [])];
      return {
        ...rest,
        concurrency: endpoint.concurrency ?? null,
        disabledAt: formatInstantOrNull(disabledAt),
        schedule: formatSchedule(schedule),
        payload: endpoint.payload ?? 'full',
        filter: endpoint.filter ?? null,
        template: endpoint.template ?? null,
        auth: shownAuth(auth ?? null),
        headers: Object.fromEntries(Object.keys(headers).map((name) => [name, '[set]'])),
        signing: current?.scheme ?? null,
        ...(publicKey ? { publicKey } : {}),
        ...(warnings.length > 0 ? { warnings } : {}),
        createdAt: formatInstant(createdAt),
      };
    },
  };
}

function shownAuth(auth: Endpoint['auth']): Record<string, unknown> | null {
  if (!auth) return null;
  if (auth.type === 'mtls') return { type: auth.type, certificate: auth.certificate };
  const { type, tokenUrl, clientId, scope } = auth;
  return { type, tokenUrl, clientId, scope };
}

function check(faults: Fault[], path: string, work: () => unknown, message?: string): void {
  try {
    work();
  } catch (error) {
    faults.push({ path, message: message ?? (error as Error).message });
  }
}
