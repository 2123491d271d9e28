// A handler that ends without a write, against which the harness is tested: AWS loses its status and headers.

export const handler = globalThis.awslambda.streamifyResponse(async (event, stream) => {
  const out = globalThis.awslambda.HttpResponseStream.from(stream, { statusCode: 302, headers: { location: '/elsewhere' } });
  if (event.rawPath === '/written') out.write('');
  out.end();
});
