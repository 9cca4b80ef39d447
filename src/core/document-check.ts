import type { HttpOutcome } from '../oauth/http-message.ts';
import { type Failure, failure } from './failure.ts';
import { tellNotSent, type Viewers, wordsOf } from './tell.ts';

/** What a fetch of a document, or of its keys, shows. Nothing that was answered is shown to anybody. */
export function fetchedText(url: string, outcome: HttpOutcome, viewers: Viewers): string | Failure {
  if (outcome.kind === 'answered') {
    const { status, body } = outcome;
    return status === 200 ? body.reveal() : answeredElse(url, status);
  }
  const { message, detail } =
    outcome.kind === 'notSent'
      ? wordsOf(tellNotSent(outcome), { viewers })
      : { message: 'It gave no complete answer in time', detail: undefined };
  const what = `${url} could not be fetched. ${message}`;
  const more = detail === undefined ? {} : { detail: `${url} could not be fetched. ${detail}` };
  return failure('Transient', 'DocumentNotReachable', { message: what, ...more });
}

function answeredElse(url: string, status: number): Failure {
  if (status === 410) {
    const what = `${url} answers 410: documents are served there, and this one is not among them, such as where two installations serve the same base URL`;
    return failure('Transient', 'DocumentDiffers', what);
  }
  return status >= 300 && status < 400
    ? failure('Transient', 'DocumentDiffers', `${url} answers with a redirect, which servers do not follow`)
    : failure('Transient', 'DocumentNotReachable', `${url} answers ${status}`);
}
