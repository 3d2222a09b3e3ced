using Superfactory.Model.Copies;
using Superfactory.Site.Copies.Wire;
using Superfactory.Site.Interop;
using Superfactory.Wan;

namespace Superfactory.Site.Copies;

/// <summary>What both ends of a copy have in common: tasks that end together, and one end that everybody hears of. Thread-safe.</summary>
/// <param name="line">To the other end.</param>
/// <param name="site">This site.</param>
internal abstract class CopySessionBase(ICopyLine line, string site) : ICopySession
{
    private readonly TaskCompletionSource<CopySessionEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly List<Task> _tasks = [];

    /// <inheritdoc/>
    public Task<CopySessionEnd> Ended => _ended.Task;

    /// <inheritdoc/>
    public abstract CopyProgress? Progress { get; }

    /// <summary>Cancelled when the session ends.</summary>
    protected CancellationToken Stop => _stop.Token;

    /// <inheritdoc/>
    public abstract void Start();

    /// <inheritdoc/>
    public abstract ValueTask TakeAsync(CopyPacket packet);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        End(EndWhenLeft);
        Task[] tasks;
        lock (_lock)
        {
            tasks = [.. _tasks];
        }

        await Task.WhenAll(tasks);
        await CleanAsync();
        _stop.Dispose();
    }

    /// <summary>How a session ends that is left before it has come to an end of its own.</summary>
    protected virtual CopySessionEnd EndWhenLeft => CopySessionEnd.Interrupted;

    /// <summary>Gives back what the session holds, once none of its tasks runs any more.</summary>
    protected abstract ValueTask CleanAsync();

    /// <summary>Runs a part of the session on a thread of its own; what goes wrong in it ends the session.</summary>
    protected void Run(Func<Task> part)
    {
        lock (_lock)
        {
            _tasks.Add(Task.Run(() => GuardAsync(part)));
        }
    }

    /// <summary>Runs something of the session where it stands; what goes wrong in it ends the session.</summary>
    protected async Task GuardAsync(Func<Task> part)
    {
        try
        {
            await part();
        }
        catch (OperationCanceledException) when (Stop.IsCancellationRequested)
        {
            // The session has ended, with its reason.
        }
        catch (GatewayException)
        {
            // This site's gateway went away; with it, so do both ends.
            End(CopySessionEnd.Interrupted);
        }
        catch (CopyFault fault)
        {
            await FailAsync(fault.Message);
        }
        catch (CopyProtocolException exception)
        {
            await FailAsync($"Site {site} does not understand the other end of the copy: {exception.Message}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            await FailAsync(Describe(exception, path: null));
        }
    }

    /// <summary>Sends, and ends the session where the other end is gone.</summary>
    protected async ValueTask SendAsync(MessageOrder order, ReadOnlyMemory<byte> message)
    {
        if (!await line.SendAsync(order, message, Stop))
        {
            End(CopySessionEnd.Interrupted);
            Stop.ThrowIfCancellationRequested();
        }
    }

    /// <summary>The first end counts.</summary>
    protected void End(CopySessionEnd end)
    {
        if (_ended.TrySetResult(end))
        {
            _stop.Cancel();
        }
    }

    /// <summary>Takes the other end's word that it cannot go on.</summary>
    protected void Aborted(string reason) => End(CopySessionEnd.Failed(reason));

    /// <summary>Says what went wrong with a file here, as a sentence that names the site and the path.</summary>
    protected string Describe(Exception exception, string? path) => exception.HResult switch
    {
        NativeFiles.NoSpace => $"The disk at site {site} is full{(path is null ? string.Empty : $" ({path})")}. What has arrived is kept: make room and copy again.",
        NativeFiles.QuotaExceeded => $"The quota at site {site} is used up{(path is null ? string.Empty : $" ({path})")}. What has arrived is kept: make room and copy again.",
        _ => $"Site {site}: {exception.Message.TrimEnd('.')}.",
    };

    private async Task FailAsync(string reason)
    {
        if (Ended.IsCompleted)
        {
            return;
        }

        try
        {
            await line.SendAsync(MessageOrder.Ordered, new CopyWriter().Start(CopyMessageType.Abort).Text(Cut(reason)).Written, Stop);
        }
        catch (Exception exception) when (exception is OperationCanceledException or GatewayException)
        {
            // The other end hears it from the control plane.
        }

        End(CopySessionEnd.Failed(reason));
    }

    private static string Cut(string reason) => reason.Length > 4000 ? reason[..4000] : reason;
}

/// <summary>A copy cannot go on; the message is a whole sentence for people.</summary>
internal sealed class CopyFault : Exception
{
    public CopyFault(string message)
        : base(message)
    {
    }

    public CopyFault(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    public CopyFault()
        : base("The copy cannot go on.")
    {
    }
}
