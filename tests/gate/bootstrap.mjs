// What AWS's Node.js runtime does around a handler, as far as the deployed functions can tell: the `awslambda` globals,
// the Runtime API's loop, and the streaming answer (a JSON prelude, eight NUL bytes, the body). Written from AWS's
// documentation (Runtime API; "Response streaming with custom runtimes") and from what its runtime was measured to do:
// the prelude goes out with the first write, so an answer that ends without one loses its status and headers.
//
//   AWS_LAMBDA_RUNTIME_API=host:port _HANDLER=gate.handler LAMBDA_TASK_ROOT=… node bootstrap.mjs
//
// AWS_LAMBDA_MAX_CONCURRENCY runs that many invocations at once (Lambda's managed instances do; ordinary ones run one).
// ZIPREEL_TEST_BUFFERED=1 leaves the globals out, as some emulators do.

import { request } from 'node:http';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';

const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;
const streaming = Symbol('streaming');

/** The stream that a streaming handler writes to. */
class ResponseStream extends Writable {
  contentType = 'application/octet-stream';
  beforeFirstWrite = null;
  constructor(sink) {
    super();
    this.sink = sink;
  }
  setContentType(type) { this.contentType = type; }
  open() {
    if (this.out) return;
    this.out = this.sink(this.contentType);
    this.out.on('error', error => this.destroy(error));
  }
  _write(chunk, _, done) {
    this.open();
    if (this.beforeFirstWrite) this.out.write(this.beforeFirstWrite);
    this.beforeFirstWrite = null;
    // HTTP's chunked coding has no empty chunk but the last.
    if (chunk.length === 0) return done();
    this.out.write(chunk, done);
  }
  _final(done) {
    this.open();
    this.out.end(done);
  }
  _destroy(error, done) {
    if (error) this.out?.destroy();
    done(error);
  }
}

if (!process.env.ZIPREEL_TEST_BUFFERED) {
  globalThis.awslambda = {
    streamifyResponse: handler => Object.assign(handler, { [streaming]: true }),
    HttpResponseStream: {
      from(stream, metadata) {
        stream.setContentType('application/vnd.awslambda.http-integration-response');
        stream.beforeFirstWrite = Buffer.concat([Buffer.from(JSON.stringify(metadata)), Buffer.alloc(8)]);
        return stream;
      },
    },
  };
}

function post(path, headers) {
  const sent = request(`${api}${path}`, { method: 'POST', headers });
  sent.done = new Promise((resolve, reject) => {
    sent.on('response', answer => { answer.resume(); answer.on('end', resolve); });
    sent.on('error', reject);
  });
  return sent;
}

async function invoke(handler) {
  const next = await fetch(`${api}/invocation/next`);
  const id = next.headers.get('lambda-runtime-aws-request-id');
  const event = await next.json();
  const context = { awsRequestId: id, functionName: process.env.AWS_LAMBDA_FUNCTION_NAME };
  let sent;
  try {
    if (handler[streaming]) {
      const stream = new ResponseStream(type => sent = post(`/invocation/${id}/response`, {
        'content-type': type, 'lambda-runtime-function-response-mode': 'streaming', 'transfer-encoding': 'chunked',
      }));
      const ended = finished(stream);
      await Promise.all([handler(event, stream, context), ended]);
    } else {
      const body = JSON.stringify(await handler(event, context));
      sent = post(`/invocation/${id}/response`, { 'content-type': 'application/json' });
      sent.end(body);
    }
    await sent.done;
  } catch (error) {
    console.error(`${error.name}: ${error.message}`);
    sent?.done.catch(() => {});
    sent?.destroy();
    if (sent) return;
    const failure = post(`/invocation/${id}/error`, { 'content-type': 'application/json' });
    failure.end(JSON.stringify({ errorType: error.name, errorMessage: error.message }));
    await failure.done;
  }
}

const [file, name] = process.env._HANDLER.split('.');
const module = await import(pathToFileURL(join(process.env.LAMBDA_TASK_ROOT, `${file}.mjs`)));
const loop = async () => { for (;;) await invoke(module[name]); };
await Promise.all(Array.from({ length: Number(process.env.AWS_LAMBDA_MAX_CONCURRENCY ?? 1) }, loop));
