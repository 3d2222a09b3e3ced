using System.Text.Json;
using System.Threading.Channels;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Site.Gangs;
using Superfactory.Site.Processes;

namespace Superfactory.Site.Engines;

/// <summary>A gang below a supervisor process of this machine. Thread-safe.</summary>
internal sealed class ProcessGang : IGang
{
    /// <summary>Events that wait for the reader; the supervisor's own buffer comes before it.</summary>
    private const int WaitingMax = 256;

    /// <summary>The longest event: a result with the texts that a trainer reported, four million characters of them.</summary>
    private const int EventCharactersMax = 5 * 1024 * 1024;

    /// <summary>The longest log line.</summary>
    private const int LogCharactersMax = 4096;

    /// <summary>How long a gang may take to stop: three seconds for its trainers, two for its bridge, and a busy machine.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(15);

    /// <summary>How long the output of a dead supervisor is still read.</summary>
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(2);

    private readonly Channel<GangEvent> _events = Channel.CreateBounded<GangEvent>(WaitingMax);
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly GangSpecification _specification;
    private readonly SupervisorLink _supervisor;
    private readonly SupervisorMark _mark;
    private readonly TimeProvider _clock;
    private readonly LastLines _errors = new();
    private GangEvent? _last;

    /// <summary>Begins to follow a supervisor that was just started, or taken over.</summary>
    public ProcessGang(GangSpecification specification, SupervisorLink supervisor, SupervisorMark mark, TimeProvider clock)
    {
        (_specification, _supervisor, _mark, _clock) = (specification, supervisor, mark, clock);
        var errors = new LogGate(clock, text => Add(Line(text)));
        supervisor.Read(EventCharactersMax, OnLine, LogCharactersMax, line =>
        {
            _errors.Add(line);
            errors.Add(line);
        });
        _ = FollowAsync();
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<GangEvent> ReadEventsAsync() => _events.Reader.ReadAllAsync();

    /// <inheritdoc/>
    public Task TellAsync(GangCommand decided) => WriteAsync(decided);

    /// <inheritdoc/>
    public async Task StopAsync()
    {
        await WriteAsync(new GangCommand.Stop());
        _ = KillIfLateAsync();
    }

    private Task<bool> WriteAsync(GangCommand command) =>
        _supervisor.WriteLineAsync(JsonSerializer.SerializeToUtf8Bytes(command, FactoryJson.Options));

    private async Task KillIfLateAsync()
    {
        if (await Task.WhenAny(_over.Task, Task.Delay(StopLimit, _clock)) != _over.Task)
        {
            _supervisor.Kill();
        }
    }

    private async Task FollowAsync()
    {
        try
        {
            var exitCode = await _supervisor.WaitAsync(DrainLimit);
            var clean = await GangFiles.EndLeftoversAsync(_specification.GangDirectory, _mark, justEnded: true, _clock);
            RuntimeDirectories.Delete(_specification.RuntimeDirectory);
            if (!clean)
            {
                Add(Line($"Processes of the gang did not end within {ProcessTree.EndLimit.TotalSeconds:0} s of being killed."));
            }

            Add(_last ?? Lost(exitCode));
            _events.Writer.TryComplete();
        }
#pragma warning disable CA1031 // Nobody awaits this; the reader of the events must hear of it.
        catch (Exception error)
#pragma warning restore CA1031
        {
            _events.Writer.TryComplete(error);
        }
        finally
        {
            _over.TrySetResult();
            _supervisor.Dispose();
        }
    }

    private GangEvent.Failed Lost(int? exitCode)
    {
        // Something is wrong with what it was given or with this machine: it would be wrong again.
        var errors = _errors.ToString() is { Length: > 0 } text ? $": {text.TrimEnd('.')}" : string.Empty;
        return new GangEvent.Failed(
            $"The supervisor of island {_specification.Assignment.Island} {(exitCode is { } code ? ExitDescription.Of(code) : "ended")}{errors}.", Retriable: exitCode is not (ExitCodes.BadInput or ExitCodes.CannotSetUp));
    }

    private void OnLine(string line)
    {
        GangEvent? said;
        try
        {
            said = JsonSerializer.Deserialize<GangEvent>(line, FactoryJson.Options);
        }
        catch (JsonException)
        {
            said = Line(line.Length > LogCharactersMax ? line[..LogCharactersMax] : line);
        }

        if (said is { IsLast: true })
        {
            // Held back until its processes are gone, which the event promises.
            _last = said;
        }
        else if (said is not null)
        {
            Add(said);
        }
    }

    private void Add(GangEvent said)
    {
        while (!_events.Writer.TryWrite(said))
        {
            if (!_events.Writer.WaitToWriteAsync().AsTask().GetAwaiter().GetResult())
            {
                return;
            }
        }
    }

    private GangEvent.Log Line(string text) => new(new LogLine
    {
        Job = _specification.Assignment.Job,
        Island = _specification.Assignment.Island,
        Source = "gang",
        UnixMilliseconds = _clock.GetUtcNow().ToUnixTimeMilliseconds(),
        Text = text,
    });
}
