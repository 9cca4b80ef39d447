import type { Answer, Exchange } from '../../../kit/stub-server.ts';

/** Answers of a server that isn't honest, or has a bad day; beside `reply`, `drop` and `hang` of the stub server. */

/** `then` where the exchange is so, else as the RFCs say. */
export const when =
  (isSo: (exchange: Exchange) => boolean, then: Answer, otherwise: Answer = ({ properly }) => properly()) =>
  (exchange: Exchange): void | Promise<void> =>
    isSo(exchange) ? then(exchange) : otherwise(exchange);

/** Answers so once the promise resolves; until then the caller waits. */
export const holdUntil =
  (released: Promise<unknown>, then: Answer = ({ properly }) => properly()): Answer =>
  async (exchange) => {
    await released;
    await then(exchange);
  };

/** Answers after so many milliseconds. */
export const slowly =
  (ms: number, then: Answer = ({ properly }) => properly()): Answer =>
  async (exchange) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    await then(exchange);
  };
