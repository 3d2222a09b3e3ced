using System.Net.Sockets;
using Superfactory.Site.Processes;

namespace Superfactory.Site.Gangs;

/// <summary>
/// A supervisor's way to its agent: first the standard streams of the agent that started it; when that agent is gone, a Unix socket at which the next
/// one takes the gang over, for as long as the gang's grace lasts. Thread-safe.
/// </summary>
internal sealed class AgentPort : IDisposable
{
    /// <summary>The longest command of an agent: an epoch with its members.</summary>
    private const int CommandCharactersMax = 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _gone = new();
    private readonly TimeSpan _grace;
    private readonly Socket? _listener;
    private readonly Stream _input;
    private Stream? _output;
    private TaskCompletionSource _present = Signal();

    /// <summary>Listens for later agents, where there is a grace; reads nothing yet.</summary>
    /// <param name="input">Where the first agent's commands come from.</param>
    /// <param name="output">Where the first agent reads.</param>
    /// <param name="specification">The gang.</param>
    public AgentPort(Stream input, Stream output, GangSpecification specification)
    {
        (_input, _output, _grace) = (input, output, TimeSpan.FromSeconds(specification.OrphanGraceSeconds));
        _present.SetResult();
        if (_grace > TimeSpan.Zero)
        {
            _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            _listener.Bind(new UnixDomainSocketEndPoint(GangFiles.SupervisorSocket(specification.RuntimeDirectory)));
            _listener.Listen();
        }
    }

    /// <summary>Cancelled when there is no agent and none will come.</summary>
    public CancellationToken Gone => _gone.Token;

    /// <summary>Reads commands, agent after agent, until none will come.</summary>
    /// <param name="command">Called with each line.</param>
    /// <param name="orphaned">Called when an agent is gone and another may come.</param>
    /// <param name="adopted">Called when a further agent is there, before its first command.</param>
    public void Start(Action<string> command, Action orphaned, Action adopted) => _ = RunAsync(command, orphaned, adopted);

    /// <summary>Writes a line to the agent.</summary>
    /// <returns>False where there is none, or it is gone.</returns>
    public bool TryWrite(byte[] line)
    {
        Stream? output;
        lock (_lock)
        {
            output = _output;
        }

        try
        {
            output?.Write(line);
            output?.Flush();
            return output is not null;
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException)
        {
            // It has just died, which its input says as well.
            return false;
        }
    }

    /// <summary>Waits, holding the thread, until there is an agent.</summary>
    /// <returns>False where none will come.</returns>
    public bool WaitForAgent()
    {
        Task present;
        lock (_lock)
        {
            present = _present.Task;
        }

        try
        {
            present.Wait(_gone.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _gone.Cancel();
        _listener?.Dispose();
    }

    private async Task RunAsync(Action<string> command, Action orphaned, Action adopted)
    {
        var input = _input;
        while (true)
        {
            await LinePump.Start(input, CommandCharactersMax, command);
            lock (_lock)
            {
                (_output, _present) = (null, Signal());
            }

            if (_listener is null || _gone.IsCancellationRequested)
            {
                break;
            }

            orphaned();
            if (await AcceptAsync(_listener) is not { } agent)
            {
                break;
            }

            input = new NetworkStream(agent, ownsSocket: true);
            lock (_lock)
            {
                _output = input;
                _present.TrySetResult();
            }

            adopted();
        }

        await _gone.CancelAsync();
    }

    private async Task<Socket?> AcceptAsync(Socket listener)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(_gone.Token);
        late.CancelAfter(_grace);
        try
        {
            return await listener.AcceptAsync(late.Token);
        }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException)
        {
            // Nobody came in time, or the gang is over.
            return null;
        }
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
