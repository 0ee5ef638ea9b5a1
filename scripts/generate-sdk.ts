/**
 * Writes what the SDK takes from the table of operations: the OpenAPI document and its types. Run
 * `npx node scripts/generate-sdk.ts` after a change of the contract; a test fails while they lag behind.
 */
import { writeFileSync } from 'node:fs'
import { modelCalls } from '../src/contract/model-calls.ts'
import { openApiDocument } from '../src/contract/openapi.ts'
import { operations } from '../src/contract/operations.ts'
import { sdkTypes } from './sdk/types-of.ts'

/** By their path from the root of the repository. The SDK has no methods for model calls: other clients are for them. */
export const sdkFiles: Readonly<Record<string, () => string>> = {
  'sdk/openapi.gen.json': () => `${JSON.stringify(openApiDocument(operations, modelCalls), null, 1)}\n`,
  'sdk/src/schema.gen.ts': () => sdkTypes(openApiDocument(operations, [])),
}

if (import.meta.main)
  for (const [path, text] of Object.entries(sdkFiles)) {
    writeFileSync(new URL(`../${path}`, import.meta.url), text())
    console.log(path)
  }
