import { accountId } from '@cairn/contracts/ids.ts';
import type { IdentityCommand, IdentityFile, Person } from '@cairn/contracts/generated/identity.ts';
import { decodeJson, encodeJson } from '@cairn/contracts/json.ts';
import { partitionOf } from '@cairn/contracts/topics.ts';
import type { MemoryDisk } from '@cairn/log/memory-disk.ts';
import { partitionsOf } from './endpoint.ts';
import type { IdentityTraffic, Order } from './identity-traffic.ts';
import type { World } from './world.ts';

/** The admin of the identity workspace: looks people up in what was told, orders, and orders again while no append succeeds. */
const TIMEOUT_MS = 3_000;
const RETRY_MS = 1_000;

export function startAdmin(
  world: World,
  { workspace, orders }: IdentityTraffic,
  onError: (error: unknown) => void,
): void {
  let commands = 0;

  async function send(order: Order): Promise<void> {
    const params = paramsOf(world.disk, workspace, order);
    for (;;) {
      const process = world.process('ingest-1');
      if (process?.service) {
        const command: IdentityCommand = {
          type: 'identity.command',
          workspace,
          commandId: `cmd-${++commands}`,
          command: order.command,
          params,
          by: 'admin',
          at: process.clock.now(),
        };
        const partition = partitionOf(workspace, partitionsOf('touchpoints'));
        const appended = process.log
          .append([{ topic: 'touchpoints', partition, key: workspace, value: encodeJson(command) }])
          .then(
            () => true,
            () => false,
          );
        const late = world.clock.sleep(TIMEOUT_MS).then(() => false);
        if (await Promise.race([appended, late])) return;
      }
      await world.clock.sleep(RETRY_MS);
    }
  }

  for (const order of orders) world.clock.after(order.at - world.clock.now(), () => void send(order).catch(onError));
}

function paramsOf(disk: MemoryDisk, workspace: string, order: Order): Record<string, unknown> {
  const told = identityFacts(disk, workspace).flatMap((fact) => (fact.type === 'person.changed' ? [fact.person] : []));
  const last = new Map(told.map((person) => [person.id, person]));
  const holds = (person: Person, key: string): boolean =>
    person.ids.some(({ namespace, value, shared }) => !shared && `${namespace}:${value}` === key);
  const idOf = (key: string): string => {
    const first = told.find((person) => holds(person, key));
    const living = [...last.values()].find((person) => person.mergedInto === null && holds(person, key));
    return (order.byFirstId ? first : living)?.id ?? 'nobody';
  };
  const cutOf = (key: string): { namespace: string; value: string } => ({
    namespace: key.slice(0, key.indexOf(':')),
    value: key.slice(key.indexOf(':') + 1),
  });
  const { who, other, groupId } = order;
  switch (order.command) {
    case 'merge':
      return { from: idOf(who), into: idOf(other) };
    case 'split': {
      const cut = [who, ...(other !== who && idOf(other) === idOf(who) ? [other] : [])];
      return { personId: idOf(who), cut: cut.map(cutOf) };
    }
    case 'erase':
      return { personId: idOf(who) };
    case 'link':
    case 'unlink':
      return { personId: idOf(who), accountId: accountId(workspace, 'group', groupId) };
    case 'configure':
      return { settings: order.settings };
  }
}

export function identityFacts(disk: MemoryDisk, workspace: string): IdentityFile[] {
  return Array.from(
    { length: partitionsOf('identities') },
    (_, partition) => disk.partition('identities', partition).records,
  )
    .flat()
    .flatMap(({ value }) => (value ? [decodeJson(value) as IdentityFile] : []))
    .filter((fact) => fact.workspace === workspace);
}
