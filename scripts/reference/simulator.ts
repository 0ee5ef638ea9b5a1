/** The page of simulated models. */
import { type Behaviour, behaviours } from '../../src/simulator/behaviours.ts'
import { code, opening, table } from './markdown.ts'

export const simulatorReference = (): string =>
  [
    opening(
      '`src/simulator/behaviours.ts`',
      'The simulator',
      "A provider that costs nothing: it answers for every model of the catalogue at that model's prices while no provider is configured (`TURNPIKE_SIMULATOR` decides), and has models of its own, each named for what it does. " +
        'Replies name the provider `Simulator`. The same request gets the same answer, and its token counts are real. ' +
        "It speaks OpenAI's wire and, as `{ type: simulator, preset: anthropic }`, Anthropic's; with `preset: google` it speaks Gemini's. It reads texts aloud, and writes down recordings, by the same rows as far as they apply.",
    ),
    'Each model can be called under the author `simulator`, for example `simulator/echo`. Where a number is shown it may stand at the end of the name in place of the default: `simulator/slow-250`.\n',
    table(
      ['model', 'number', 'what it does'],
      Object.entries<Behaviour>(behaviours).map(([name, { does, number }]) => [
        code(`simulator/${name}`),
        number === undefined ? '' : String(number),
        does,
      ]),
    ),
  ].join('\n')
