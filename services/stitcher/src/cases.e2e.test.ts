import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startProduct, type Product } from '@cairn/testkit/product.ts';
import { caseFiles } from './testkit/case-files.ts';
import { isForHttp, runOverHttp } from './testkit/http-world.ts';

let product: Product;
beforeAll(async () => void (product = await startProduct()));
afterAll(() => product.dispose());

describe.each(caseFiles())('the named cases of $file, over HTTP', ({ cases }) => {
  it.each(cases.filter(isForHttp))('$name', async (stitchCase) =>
    expect(await runOverHttp(product, stitchCase)).toEqual([]),
  );
});
