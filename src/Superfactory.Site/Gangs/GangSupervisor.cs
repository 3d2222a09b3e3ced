using System.Text.Json;
using System.Threading.Channels;
using Superfactory.Model;
using Superfactory.Site.Processes;

namespace Superfactory.Site.Gangs;

/// <summary>Carries out what a <see cref="GangMachine"/> decides, with real processes, and ends them all whichever way it ends itself.</summary>
internal sealed class GangSupervisor : IDisposable
{
    /// <summary>Things that have happened and wait to be looked at: each of 64 trainers' ends and a second of a bridge's events, many times over.</summary>
    private const int InputsMax = 1024;

    /// <summary>What is no deadline's.</summary>
    private const int NoDeadline = 0;

    private readonly Channel<(GangInput Input, int Deadline)> _inputs = Channel.CreateBounded<(GangInput, int)>(InputsMax);
    private readonly AgentPort _agent;
    private readonly GangSpecification _specification;
    private readonly GangMachine _machine;
    private readonly GangEventWriter _events;
    private readonly GangProcesses _processes;
    private readonly TimeProvider _clock;
    private readonly GangLease _lease;

    /// <summary>Cancelled when nothing is waited for any more: the agent is gone and none will come, or the lease is over, whatever the agent reads.</summary>
    private readonly CancellationTokenSource _over;
    private volatile bool _leaseEnded;
    private int _deadline = NoDeadline;
    private ITimer? _timer;

    /// <summary>Starts nothing yet.</summary>
    /// <param name="specification">The gang.</param>
    /// <param name="keeper">The path of <c>setpriv</c>.</param>
    /// <param name="agent">Where the agent's commands come from.</param>
    /// <param name="events">Where the agent reads.</param>
    /// <param name="clock">Measures deadlines.</param>
    public GangSupervisor(GangSpecification specification, string keeper, AgentPort agent, GangEventWriter events, TimeProvider clock)
    {
        (_specification, _agent, _events, _clock) = (specification, agent, events, clock);
        _machine = new GangMachine(specification.Assignment);
        _processes = new GangProcesses(specification, keeper, events, Post, fault => _inputs.Writer.TryComplete(fault), clock);
        _over = CancellationTokenSource.CreateLinkedTokenSource(agent.Gone);
        _lease = new GangLease(specification.LeaseUntil, OnLeaseOver, clock);
    }

    /// <summary>Runs the gang to its end; no process of it is left afterwards.</summary>
    /// <param name="cancellationToken">Stops the gang.</param>
    /// <returns>What the agent is to be told last; null where it is gone.</returns>
    public async Task<GangEvent?> RunAsync(CancellationToken cancellationToken)
    {
        using var stop = cancellationToken.Register(() => Post(new GangInput.Commanded(new GangCommand.Stop())));
        Listen();
        var island = _specification.Assignment.Island;
        GangEffect.End end;
        try
        {
            end = await FollowAsync();
        }
        catch (OperationCanceledException) when (_over.IsCancellationRequested)
        {
            end = _leaseEnded
                ? new GangEffect.End(new GangEvent.Stopped($"The gang of island {island} ended itself: the control plane had not been heard for its whole lease.", LeaseEnded: true), Ask: true)
                : new GangEffect.End(null, Ask: false);
        }
#pragma warning disable CA1031 // A fault of the supervisor itself must still end the gang's processes, and be told.
        catch (Exception error)
#pragma warning restore CA1031
        {
            _events.Log("gang", 0, error.ToString());
            end = new GangEffect.End(new GangEvent.Failed($"The supervisor of island {island} failed: {error.Message}", Retriable: true), Ask: false);
        }

        _inputs.Writer.TryComplete();
        await _processes.EndAllAsync(end.Ask, waitForBridge: end.Last is GangEvent.Finished or GangEvent.Stopped, _agent.Gone);
        return end.Last;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer?.Dispose();
        _lease.Dispose();
        _over.Dispose();
        _processes.Dispose();
    }

    private async Task<GangEffect.End> FollowAsync()
    {
        var effects = _machine.Begin();
        await _processes.StartBridgesAsync();
        while (true)
        {
            foreach (var effect in effects)
            {
                if (effect is GangEffect.End end)
                {
                    return end;
                }

                await ApplyAsync(effect);
            }

            var (input, deadline) = await _inputs.Reader.ReadAsync(_over.Token);

            // A deadline may pass while the one that replaces it is being set.
            effects = deadline == NoDeadline || deadline == _deadline ? _machine.Handle(input) : [];
        }
    }

    private async Task ApplyAsync(GangEffect effect)
    {
        switch (effect)
        {
            case GangEffect.StartTrainers trainers:
                await _processes.StartTrainersAsync(trainers.Start, _over.Token);
                break;
            case GangEffect.EndTrainers:
                await _processes.EndTrainersAsync();
                break;
            case GangEffect.TellBridge told:
                await _processes.TellBridgesAsync(told.Command, told.Except);
                break;
            case GangEffect.Tell { Event: GangEvent.Progress progress }:
                _events.Progress(progress);
                break;
            case GangEffect.Tell told:
                await _events.TellAsync(told.Event, _over.Token);
                break;
            case GangEffect.Say said:
                _events.Log("gang", 0, said.Text);
                break;
            case GangEffect.SetDeadline set:
                SetDeadline(set.After);
                break;
            default:
                throw new InvalidOperationException($"A supervisor cannot carry out {effect.GetType().Name}.");
        }
    }

    private void SetDeadline(TimeSpan? after)
    {
        _timer?.Dispose();
        var number = ++_deadline;
        _timer = after is { } time ? _clock.CreateTimer(_ => Post(new GangInput.DeadlinePassed(), number), null, time, Timeout.InfiniteTimeSpan) : null;
    }

    private void Listen()
    {
        _agent.Gone.Register(() => Post(new GangInput.AgentGone()));
        _agent.Start(
            line =>
            {
                try
                {
                    Obey(JsonSerializer.Deserialize<GangCommand>(line, FactoryJson.Options) ?? throw new JsonException("It is null."));
                }
                catch (JsonException error)
                {
                    _events.Log("gang", 0, $"A command that the agent gave cannot be read and is left out: {error.Message}");
                }
            },
            orphaned: () => _events.Log("gang", 0, $"The agent of this site is gone; the island goes on for {_specification.OrphanGraceSeconds:0} s."),
            adopted: _events.TellStanding);
    }

    private void Obey(GangCommand command)
    {
        if (command is GangCommand.Extend extend)
        {
            _lease.Extend(extend.Until);
            return;
        }

        Post(new GangInput.Commanded(command));
    }

    /// <summary>Not as an input: whoever takes these may wait for an agent that does not read.</summary>
    private void OnLeaseOver()
    {
        _events.Log("gang", 0, "The control plane has not been heard for the gang's whole lease: the gang ends.");
        _leaseEnded = true;
        try
        {
            _over.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The gang has just ended by itself.
        }
    }

    private void Post(GangInput input) => Post(input, NoDeadline);

    private void Post(GangInput input, int deadline)
    {
        while (!_inputs.Writer.TryWrite((input, deadline)))
        {
            // Nobody wants to know once the gang has ended; before, whoever posts has a thread that may wait.
            if (!_inputs.Writer.WaitToWriteAsync().AsTask().GetAwaiter().GetResult())
            {
                return;
            }
        }
    }
}
