using Superfactory.Core;
using Superfactory.Core.Records;
using Superfactory.Model.Agents;
using Superfactory.Model.Jobs;
using Superfactory.Simulation.Faults;
using Superfactory.Simulation.Islands;
using Superfactory.Simulation.Training;
using Superfactory.Sync.Merging;

namespace Superfactory.Simulation.Checks;

/// <summary>The results of rounds: what each is, when it is final, and what an epoch or a way back leaves of them.</summary>
internal sealed partial class Referee
{
    /// <summary>A member holds another state than before its last input.</summary>
    private void TakeState(SimulatedBridge bridge, MachineBefore before)
    {
        var (state, place) = (bridge.Machine.State, bridge.Place);
        var round = state.History.Round;
        var own = before.Initialised && round == before.Round + 1 && before.Input is not MergeInput.Received { Message: PieceMessage } && !IsOfLanes(before);
        var contributors = own ? _commits.Check(place, bridge.Lane, state, before.Round, state.Plans[state.PartOf(before.Round, before.Mode)]) : 0;
        if (round == _results.Count + 1 && own)
        {
            Record(bridge, before, contributors);
        }

        Require(round <= _results.Count, $"island {place} holds round {round - 1}, which nobody has applied");
        if (round > 0)
        {
            var (truth, part) = (_results[(int)round - 1], _scenario.RangeOf(bridge.Lane));
            Require(truth.Is(bridge.Lane, state.CommonHash), $"round {round - 1} came out otherwise at island {place} in epoch {state.Epoch.Number}");
            Require(
                truth.Mode == SyncMode.EveryStep || !state.HoldsParameters
                    || (state.Replica!.Parameters.AsSpan().SequenceEqual(truth.Parameters.AsSpan(part)) && (state.EveryStep || state.Replica.Momentum.AsSpan().SequenceEqual(truth.Momentum.AsSpan(part)))),
                $"the parameters or momentum of island {place} after round {round - 1} are not what was given");
            CheckLanes(bridge, before, own ? contributors : truth.Contributors, truth);
        }

        _world.Director.Notice(Moment.Applied, place);
    }

    /// <summary>The first to apply a round says who is in it; what that makes is computed from what the trainers gave.</summary>
    private void Record(SimulatedBridge bridge, MachineBefore before, ulong contributors)
    {
        var (state, round, mode) = (bridge.Machine.State, before.Round, before.Mode);
        var (parameters, momentum) = Begin(round, mode);
        List<GivenRound> given = [];
        List<(int, List<long>)> shares = [];
        for (var island = 0; island < _scenario.Islands; island++)
        {
            if ((contributors >> island & 1) == 0)
            {
                continue;
            }

            if (_given.GetValueOrDefault((island, round)) is not { Positions.Count: > 0 } own)
            {
                Require(state.Fellows.Count == 0, $"round {round} has a contribution of island {island} in it, whose trainer gave none");
                continue;
            }

            Require(!own.Spoiled, $"round {round} has the contribution of island {island} in it, which is to be refused");
            Require(own.Mode == mode, $"island {island} gave for round {round} what {own.Mode} merges, and it merges {mode}");
            Require(mode == SyncMode.Streaming || own.Start.AsSpan().SequenceEqual(parameters), $"island {island} began round {round} from other parameters than the run's");
            if (mode == SyncMode.EveryStep)
            {
                momentum ??= (float[])own.Momentum.Clone();
                Require(own.Momentum.AsSpan().SequenceEqual(momentum), $"the optimizer of island {island} in round {round} is not the run's");
            }

            given.Add(own);
            shares.Add((island, own.Positions));
        }

        if (given.Count > 0)
        {
            momentum ??= new float[parameters.Length];
            foreach (var own in bridge.Gang.Bridges)
            {
                var (part, lane) = (_scenario.Lanes == 1 ? _scenario.PartOf(round, mode) : _scenario.RangeOf(own.Lane), own.Machine.State);
                var mean = PlainMerge.Mean(_scenario, mode, parameters.AsSpan(part), part, given, lane.Plans[lane.PartOf(round, mode)].ChunkLength);
                PlainMerge.Step(_scenario, mode, parameters.AsSpan(part), momentum.AsSpan(part), mean);
                Require(mode != SyncMode.EveryStep || state.Replica!.Mean.Span.SequenceEqual(mean), $"the mean of round {round} at island {bridge.Place} is not what was given");
            }
        }

        Refused += state.History.Refusals - before.Refusals;
        ModeChanges += _results is [.., var last] && last.Mode != mode ? 1 : 0;
        _results.Add(new RoundTruth(round, mode, contributors, parameters, momentum, shares) { IsLastOfMode = state.History.JustEntered });
    }

    /// <summary>What a round begins from; the momentum is null where it is that of a trainer's optimizer which nobody has named yet.</summary>
    private (float[] Parameters, float[]? Momentum) Begin(long round, SyncMode mode)
    {
        if (round == 0)
        {
            return ((float[])_parameters.Clone(), new float[_scenario.Parameters]);
        }

        var last = _results[(int)round - 1];
        var momentum = last.Mode == SyncMode.EveryStep == (mode == SyncMode.EveryStep) ? (float[]?)last.Momentum?.Clone()
            : mode == SyncMode.EveryStep ? null : new float[_scenario.Parameters];
        return ((float[])last.Parameters.Clone(), momentum);
    }

    /// <summary>What all members of an epoch hold is final.</summary>
    private void Settle(RunEpoch epoch, long?[] held)
    {
        var least = Least(epoch, held);
        SettleLanes(epoch, held);
        for (; Final < least; Final++)
        {
            _samples.Merge(_results[(int)Final]);
            ResultsFinal += _scenario.FragmentsIn(_results[(int)Final].Mode);
            FinalAt = _world.Queue.Now;
        }
    }

    private long Least(RunEpoch epoch, long?[] held)
    {
        var least = long.MaxValue;
        foreach (var member in epoch.Members)
        {
            least = Math.Min(least, HeldAt(held, _world.Site(member.Island).Place) ?? 0);
        }

        return least;
    }

    private void CheckLedger(SimulatedBridge bridge)
    {
        if (bridge.Machine.Ledger is not { } ledger)
        {
            return;
        }

        var where = $"island {bridge.Place} has the ledger {ledger}";
        Require(ledger.Merged + ledger.InFlight + ledger.Free == ledger.Planned, $"{where}, which does not add up");
        Require(ledger is { Merged: >= 0, InFlight: >= 0, Free: >= 0 }, where);
        var merged = _scenario.Lanes == 1 ? _samples.Merged : MergedIn(bridge.Lane);
        Require(ledger.Merged <= merged, $"{where}, and only {merged} are in results that every island holds");
    }

    /// <summary>An epoch is decided: what none of its members held when it promised is no part of the run.</summary>
    private void Begin(RunEpoch? before, RunEpoch epoch)
    {
        EpochChanges += epoch.Number > 1 ? 1 : 0;
        var start = epoch.Start;
        if (start < 0)
        {
            // A run that begins, or goes on from the checkpoint that it went back to.
            start = _job!.Resume is { } point ? _job.FindCheckpoint(point.Checkpoint)!.Round : 0;
            Require(start >= Final, $"epoch {epoch.Number} begins the run again, which had {Final} final rounds");
        }

        Require(start >= Final, $"epoch {epoch.Number} starts with round {start} and undoes what was final: {Final} rounds were");
        Require(start <= _results.Count, $"epoch {epoch.Number} starts with round {start}, which nobody holds");
        _results.RemoveRange((int)start, _results.Count - (int)start);
        Follow(before, epoch);
        Array.Clear(_held);
        foreach (var member in epoch.Members)
        {
            Require(!_aside.Contains(member.Island), $"island {member.Island} is a member of epoch {epoch.Number} though it was set aside");
        }
    }

    /// <summary>An island is left out for good because what it contributed was refused again and again.</summary>
    private void PutAside(IslandSetAside record)
    {
        var place = _world.Site(record.Island).Place;
        SetAside++;
        _aside.Add(record.Island);
        Require(_spoiled[place] >= MergeLimits.RefusalsInRowMax, $"island {place} was set aside, and {_spoiled[place]} of its contributions were to be refused");
    }

    /// <summary>An island is started again: of one that lives only where it alone may hold what the epoch started with, and has not promised for a minute.</summary>
    private void GiveUp(FactoryState before, IslandRestarted record)
    {
        var job = before.Jobs[record.Job];
        if (job is not { Epoch: { } epoch, SealedAt: { } since } || job.Islands.First(each => each.Site == record.Island) is not { Standing: IslandStanding.Wanted } island)
        {
            return;
        }

        Require(
            record.At - since >= FactoryLimits.HolderMillisecondsMax && job.Islands.Where(each => epoch.Members.Any(member => member.Island == each.Site && member.Incarnation == each.Incarnation)).All(member => member.Promise?.Epoch != epoch.Number || member.Promise.Round < Math.Max(epoch.Start, 0)),
            $"island {record.Island} is started again, which lives");
        _givenUp.Add((island.Site, island.Incarnation));
    }

    /// <summary>The run goes back to a checkpoint or its beginning, which it may where nobody holds its state.</summary>
    private void GoBack(FactoryState before, FactoryState after, RunRestarted record)
    {
        var epoch = before.Jobs[record.Job].Epoch!;
        foreach (var member in epoch.Members)
        {
            // Who said that it holds none may have taken the checkpoint since: it is the one that the run went on from, and nothing else. Who was set
            // aside is never gone on from.
            var site = _world.Site(member.Island);
            Require(
                site.Bridges is not [var first, ..] || _aside.Contains(member.Island) || _givenUp.Contains((member.Island, member.Incarnation)) || first.Gang.Assignment.Incarnation != member.Incarnation || site.Bridges.Any(bridge => !bridge.Machine.State.Initialised)
                    || _said.Contains((site.Place, member.Incarnation, epoch.Number, -1)),
                $"the run goes back although island {member.Island} holds its state");
        }

        var round = record.Checkpoint is { } number ? after.Jobs[record.Job].FindCheckpoint(number)!.Round : 0;
        Require(round <= Final, $"the run goes back to round {round}, which was not final");
        Final = Math.Min(Final, round);
        _former.Clear();
        for (var lane = 0; lane < _finalIn.Length; lane++)
        {
            _finalIn[lane] = Math.Min(_finalIn[lane], Final);
        }

        _contributedTo = Math.Min(_contributedTo, Final - 1);
        _results.RemoveRange((int)Final, _results.Count - (int)Final);
        if (_results is [.., var last])
        {
            last.Reopen();
        }

        _samples.GoBack(_results);
    }
}
