import type { Answer, Exchange } from '../../../kit/stub-server.ts';

/** Answers of a hostile or faulty server, in addition to `reply`, `drop` and `hang` of the stub server. */

/** `then` if the exchange matches, else an answer by the RFCs. */
export const when =
  (isSo: (exchange: Exchange) => boolean, then: Answer, otherwise: Answer = ({ properly }) => properly()) =>
  (exchange: Exchange): void | Promise<void> =>
    isSo(exchange) ? then(exchange) : otherwise(exchange);

/** Gives this answer when the promise resolves; until then the caller waits. */
export const holdUntil =
  (released: Promise<unknown>, then: Answer = ({ properly }) => properly()): Answer =>
  async (exchange) => {
    await released;
    await then(exchange);
  };

/** Gives the answer after this number of milliseconds. */
export const slowly =
  (ms: number, then: Answer = ({ properly }) => properly()): Answer =>
  async (exchange) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    await then(exchange);
  };
