/** How an identifier is named in state, edges and stitch keys: `namespace:value`. A namespace holds no colon, a value may. */
export const identifierKey = (namespace: string, value: string): string => `${namespace}:${value}`;
export const namespaceOf = (key: string): string => key.slice(0, key.indexOf(':'));
export const valueOf = (key: string): string => key.slice(key.indexOf(':') + 1);
