import { describe, expect, it } from 'vitest';
import { createDocumentMetrics } from '../../../../src/adapters/process/document-metrics.ts';
import { DOCUMENT_LABEL_VALUES, DOCUMENT_METRICS } from '../../../../src/adapters/process/metric-table.ts';

const view = { served: () => 3, unreadable: () => 1, silentMs: () => 1_500 };

describe('the metrics of documents', () => {
  it('are those of the table, each with its type and help', async () => {
    const { body, contentType } = await createDocumentMetrics(view).render();
    expect(contentType).toMatch(/^text\/plain/);
    for (const [name, { type, help }] of Object.entries(DOCUMENT_METRICS)) {
      expect(body).toContain(`# TYPE ${name} ${type}\n`);
      expect(body).toContain(`# HELP ${name} ${help}\n`);
    }
    expect(body.match(/^# TYPE /gm)).toHaveLength(Object.keys(DOCUMENT_METRICS).length);
  });

  it('show the present state, and count answers from 0 on', async () => {
    const metrics = createDocumentMetrics(view);
    const values = async () => {
      const { body } = await metrics.render();
      return body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    };
    const { status } = DOCUMENT_LABEL_VALUES.oauth_registrar_document_requests_total;
    const counts = (of: Readonly<Record<string, number>>) =>
      status.map((one) => `oauth_registrar_document_requests_total{status="${one}"} ${of[one] ?? 0}`);
    const state = [
      'oauth_registrar_documents{state="Served"} 3',
      'oauth_registrar_documents{state="Unreadable"} 1',
      'oauth_registrar_documents_view_age_seconds 1.5',
    ];
    expect(await values()).toEqual([...counts({}), ...state]);
    metrics.answered(200);
    metrics.answered(410);
    metrics.answered(410);
    expect(await values()).toEqual([...counts({ 200: 1, 410: 2 }), ...state]);
  });

  it('have those of the process where that is wanted', async () => {
    const { body } = await createDocumentMetrics(view, { processMetrics: true }).render();
    expect(body).toContain('process_resident_memory_bytes');
  });
});
