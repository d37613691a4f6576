/** What a new ingest-trace.json starts as: valid, and plainly to be changed. */

export const environmentFileTemplate = `${JSON.stringify(
  {
    environments: [
      {
        name: 'staging',
        coordinators: ['http://localhost:7070'],
        logs: 's3://your-bucket/logs',
        index: 's3://your-bucket/index',
        s3: { region: 'eu-central-1', profile: 'default' },
        paths: [{ from: '/build/app', to: '.' }],
      },
    ],
  },
  undefined,
  2,
)}\n`;
