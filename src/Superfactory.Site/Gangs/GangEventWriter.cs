using System.Text.Json;
using System.Threading.Channels;
using Superfactory.Model;
using Superfactory.Model.Agents;

namespace Superfactory.Site.Gangs;

/// <summary>
/// Tells the agent what happens, one JSON line each. An agent that is slow to read loses lines and measurements, which are counted,
/// and never what decides the gang's state. While there is none, lines and measurements have no reader and are left out; a further agent is
/// first told how the gang stands. Thread-safe.
/// </summary>
internal sealed class GangEventWriter
{
    /// <summary>Events that wait for the agent: about five seconds of one process's lines at the rate that <see cref="LogGate"/> allows.</summary>
    private const int WaitingMax = 1024;

    private readonly Channel<GangEvent?> _events = Channel.CreateBounded<GangEvent?>(new BoundedChannelOptions(WaitingMax) { SingleReader = true });
    private readonly GangStanding _standing = new();
    private readonly GangAssignment _gang;
    private readonly TimeProvider _clock;
    private readonly Task _writing;
    private long _dropped;

    /// <summary>Begins to write.</summary>
    public GangEventWriter(GangAssignment gang, AgentPort agent, TimeProvider clock)
    {
        (_gang, _clock) = (gang, clock);
        _writing = Task.Factory.StartNew(() => Write(agent), TaskCreationOptions.LongRunning);
    }

    /// <summary>Tells a further agent how the gang stands; waits for room, holding the thread.</summary>
    public void TellStanding()
    {
        while (!_events.Writer.TryWrite(null))
        {
            // Closed when the gang is over: its end is told with how it stands.
            if (!_events.Writer.WaitToWriteAsync().AsTask().GetAwaiter().GetResult())
            {
                return;
            }
        }
    }

    /// <summary>Tells what decides the gang's state; waits for room.</summary>
    public ValueTask TellAsync(GangEvent said, CancellationToken cancellationToken) => _events.Writer.WriteAsync(said, cancellationToken);

    /// <summary>Tells of a line; drops it where there is no room.</summary>
    public void Log(string source, int rank, string text)
    {
        var dropped = Interlocked.Exchange(ref _dropped, 0);
        if (dropped > 0 && !_events.Writer.TryWrite(Line("gang", 0, $"({dropped} lines or measurements were dropped: the agent did not take them)")))
        {
            Interlocked.Add(ref _dropped, dropped);
        }

        TryTell(Line(source, rank, text));
    }

    /// <summary>Tells of a measurement; drops it where there is no room.</summary>
    public void Measured(long step, System.Collections.Immutable.ImmutableSortedDictionary<string, double> values) => TryTell(new GangEvent.Measured(new Measurement
    {
        Job = _gang.Job,
        Island = _gang.Island,
        Step = step,
        UnixMilliseconds = _clock.GetUtcNow().ToUnixTimeMilliseconds(),
        Values = values,
    }));

    /// <summary>Tells of progress; drops it where there is no room, since the next one says it all again.</summary>
    public void Progress(GangEvent.Progress progress) => TryTell(progress);

    /// <summary>Ends; done when everything is written or the agent is gone.</summary>
    public Task CompleteAsync()
    {
        _events.Writer.TryComplete();
        return _writing;
    }

    private GangEvent.Log Line(string source, int rank, string text) => new(new LogLine
    {
        Job = _gang.Job,
        Island = _gang.Island,
        Source = source,
        Rank = rank,
        UnixMilliseconds = _clock.GetUtcNow().ToUnixTimeMilliseconds(),
        Text = text,
    });

    private void TryTell(GangEvent said)
    {
        if (!_events.Writer.TryWrite(said))
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    private void Write(AgentPort agent)
    {
        while (_events.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (_events.Reader.TryRead(out var said))
            {
                if (said is null)
                {
                    _standing.Tell(each => agent.TryWrite(Line(each)));
                    continue;
                }

                _standing.Take(said);
                if (!agent.TryWrite(Line(said)) && said.IsLast)
                {
                    // The end of a gang waits for an agent that takes it, as long as one may come.
                    while (agent.WaitForAgent() && !(_standing.Tell(each => agent.TryWrite(Line(each))) && agent.TryWrite(Line(said))))
                    {
                        Thread.Yield();
                    }
                }
            }
        }
    }

    private static byte[] Line(GangEvent said) => [.. JsonSerializer.SerializeToUtf8Bytes(said, FactoryJson.Options), (byte)'\n'];
}
