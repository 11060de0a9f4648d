import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { SCHEMAS } from './generated/schemas.ts';

export type SchemaName = keyof typeof SCHEMAS;

let ajv: Ajv2020 | undefined;

/**
 * The compiled validator of a schema, or of one of its `$defs` (`validatorOf('alert', 'AlertFact')`). Compiled on first use
 * (a few ms), then cached; its `errors` hold every fault.
 */
export function validatorOf(name: SchemaName, definition?: string): ValidateFunction {
  if (!ajv) {
    ajv = new Ajv2020({ strict: false, allErrors: true, verbose: false });
    for (const schema of Object.values(SCHEMAS)) ajv.addSchema(schema);
  }
  const id = (SCHEMAS[name] as { $id: string }).$id;
  const validate = ajv.getSchema(definition ? `${id}#/$defs/${definition}` : id);
  if (!validate) throw new Error(`no schema ${name} ${definition ?? ''}`);
  return validate;
}
