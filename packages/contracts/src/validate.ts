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
    addOlderNames(ajv);
  }
  const id = (SCHEMAS[name] as { $id: string }).$id;
  const validate = ajv.getSchema(definition ? `${id}#/$defs/${definition}` : id);
  if (!validate) throw new Error(`no schema ${name} ${definition ?? ''}`);
  return validate;
}

/** A schema may still refer to an older version of another one: the newest is only wider, so it answers to the older name too. */
function addOlderNames(into: Ajv2020): void {
  const known = new Set(Object.values(SCHEMAS).map((schema) => (schema as { $id: string }).$id));
  for (const [reference, folder] of JSON.stringify(SCHEMAS).matchAll(/(?<=\.\.\/)([\w-]+)\/[\d-]+\.json/g)) {
    const newest = SCHEMAS[folder as SchemaName] as { $id: string } | undefined;
    if (!newest) continue;
    const id = new URL(`../${reference}`, newest.$id).href;
    if (known.has(id)) continue;
    known.add(id);
    into.addSchema({ ...newest, $id: id });
  }
}
