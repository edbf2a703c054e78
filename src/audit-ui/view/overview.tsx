import { useMemo } from 'preact/hooks';
import type { Counts, Timeline } from '../reading/counts.js';
import type { Session } from '../reading/session.js';
import { CheckpointFacts, Witnesses } from './checkpoint-facts.js';
import type { PlotData } from './drawing.js';
import { Plot } from './plot.js';
import { RankingTable } from './ranking.js';
import { ReadingBar } from './reading-bar.js';
import { counted, duration, kindWords, moment, number } from './words.js';

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const summaryOf = ({ times, accepted, refused, others }: Timeline): string =>
  times.length === 0
    ? 'Nothing was read yet.'
    : `${number(sum(accepted))} accepted, ${number(sum(refused))} refused and ${number(sum(others))} others between ${moment(times[0] ?? null)} and ${moment(times.at(-1) ?? null)}.`;

const Verdicts = ({ timeline }: { readonly timeline: Timeline }) => {
  const data = useMemo((): PlotData => {
    const { times, accepted, refused, others } = timeline;
    const series = [
      { label: 'accepted', values: accepted, colour: '--good' },
      { label: 'refused', values: refused, colour: '--bad', dash: [7, 4] },
      { label: 'others', values: others, colour: '--quiet', dash: [2, 3] },
    ];
    return { times, series };
  }, [timeline]);
  return <Plot title={`Decisions, per ${duration(timeline.span)}`} summary={summaryOf(timeline)} data={data} />;
};

const Growth = ({ session }: { readonly session: Session }) => {
  const { history } = session.memory;
  const data = useMemo((): PlotData => {
    const series = [{ label: 'entries', values: history.map(({ size }) => size), colour: '--accent' }];
    return { times: history.map(({ at }) => at), series };
  }, [history]);
  if (history.length < 2) return <p>This browser remembers the size of this log from now on, and draws how it grows.</p>;
  const summary = `${counted(history.length, 'checkpoint', 'checkpoints')}, the last of ${number(history.at(-1)?.size ?? 0)} entries.`;
  return <Plot title="The log's size when this browser looked" summary={summary} data={data} isStepped />;
};

/** Seconds from the newest verified cosignature to the look, for the looks that saw one. */
const CosignatureAge = ({ session }: { readonly session: Session }) => {
  const { history } = session.memory;
  const data = useMemo((): PlotData => {
    const looks = history.filter(({ cosigned }) => cosigned !== null);
    const ages = looks.map(({ at, cosigned }) => Math.max(0, Math.round((at - (cosigned ?? at)) / 1000)));
    return { times: looks.map(({ at }) => at), series: [{ label: 'seconds', values: ages, colour: '--accent' }] };
  }, [history]);
  if (data.times.length < 2) return null;
  const summary = `At the last of ${counted(data.times.length, 'look', 'looks')} it was ${counted(data.series[0]?.values.at(-1) ?? 0, 'second', 'seconds')} old.`;
  return <Plot title="Age of the newest cosignature when this browser looked" summary={summary} data={data} isStepped />;
};

const Rankings = ({ counts }: { readonly counts: Counts }) => (
  <div class="columns">
    <RankingTable title="Decisions" ranking={counts.kinds} field="kind" words={(kind) => kindWords(kind).title} />
    <RankingTable title="Refusals and removals by reason" ranking={counts.reasons} field="why" />
    <RankingTable title="Providers" ranking={counts.providers} field="provider" />
    <RankingTable title="Clients" ranking={counts.aps} field="ap" />
  </div>
);

/** What the log is, how fresh it is, and what was decided in the part of it that was read. */
export const Overview = ({ session }: { readonly session: Session }) => {
  const { log, rows } = session;
  const counts = useMemo(() => rows.tally.counts(), [rows, rows.count]);
  if (log === null) return null;
  return (
    <>
      <h1 tabIndex={-1}>Overview</h1>
      <CheckpointFacts session={session} log={log} />
      <section aria-labelledby="decisions">
        <h2 id="decisions">Decisions</h2>
        <ReadingBar session={session} />
        <Verdicts timeline={counts.timeline} />
        <Rankings counts={counts} />
      </section>
      <section aria-labelledby="freshness">
        <h2 id="freshness">Freshness</h2>
        <Growth session={session} />
        <CosignatureAge session={session} />
        <Witnesses session={session} />
      </section>
    </>
  );
};
