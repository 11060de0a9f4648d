import { describe, it } from 'vitest';
import { message, specOf } from '@cairn/testkit/given-when-then.ts';
import { createControlTask } from './control-task.ts';

const partitions = (topic: string): number => ({ 'journey-inbox': 2, 'delivery-inbox': 1, control: 1 })[topic] ?? 8;
const given = specOf(createControlTask({ partitions }), partitions);
const definition = { type: 'definition.put', workspace: 'ws', name: 'b2b', version: 2, definition: {}, by: 'x', at: 5 };

describe('the control task', () => {
  it('puts a definition into every partition of the inbox, and tells in the same commit that it is live', () => {
    given()
      .when(message('ws/definition/b2b', definition, 100))
      .then({
        outputs: [
          { topic: 'journey-inbox', partition: 0, value: definition },
          { topic: 'journey-inbox', partition: 1, value: definition },
          {
            topic: 'control',
            partition: 0,
            key: 'ws/definition-live/b2b',
            value: { type: 'definition.live', workspace: 'ws', name: 'b2b', version: 2, at: 100 },
          },
        ],
      });
  });

  it('puts an endpoint where deliveries are asked for and where they are made', () => {
    const removed = { type: 'endpoint.removed', workspace: 'ws', id: 'ep_1', at: 5 };
    given()
      .when(message('ws/endpoint/ep_1', removed, 100))
      .then({
        outputs: [
          { topic: 'journey-inbox', partition: 0, value: removed },
          { topic: 'journey-inbox', partition: 1, value: removed },
          { topic: 'delivery-inbox', partition: 0, value: removed },
        ],
      });
  });

  it('leaves the rest alone, its own word that a definition is live too', () => {
    const live = { type: 'definition.live', workspace: 'ws', name: 'b2b', version: 2, at: 100 };
    given()
      .when(
        message('ws/definition-live/b2b', live, 100),
        message('ws/workspace/ws', { type: 'workspace.put', workspace: 'ws', name: 'ws', createdAt: 1 }, 101),
      )
      .then({ outputs: [], state: {} });
  });
});
