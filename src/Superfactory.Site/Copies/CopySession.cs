using Superfactory.Model.Copies;
using Superfactory.Wan;

namespace Superfactory.Site.Copies;

/// <summary>Carries messages from one end of a copy to the other.</summary>
internal interface ICopyLine
{
    /// <summary>Sends a message; waits while enough is on its way. May be called by several threads.</summary>
    /// <returns>False where the other end is gone: the session is over.</returns>
    ValueTask<bool> SendAsync(MessageOrder order, ReadOnlyMemory<byte> message, CancellationToken cancellationToken);
}

/// <summary>A message that arrived, and what gives its memory back.</summary>
/// <param name="Message">The message; valid until it is given back.</param>
/// <param name="Release">Gives it back; called once.</param>
internal readonly record struct CopyPacket(ReadOnlyMemory<byte> Message, Action Release);

/// <summary>How a session ended.</summary>
/// <param name="Outcome">Completed or failed; null where the other end went away and a new session is to follow.</param>
/// <param name="Reason">Why it failed, in a sentence; null otherwise.</param>
internal sealed record CopySessionEnd(CopyPhase? Outcome, string? Reason)
{
    public static CopySessionEnd Completed { get; } = new(CopyPhase.Completed, null);

    public static CopySessionEnd Interrupted { get; } = new(null, null);

    public static CopySessionEnd Failed(string reason) => new(CopyPhase.Failed, reason);
}

/// <summary>One end of a copy, from when both ends have met until one goes away or all is done.</summary>
internal interface ICopySession : IAsyncDisposable
{
    /// <summary>Ends with the session; never faults.</summary>
    Task<CopySessionEnd> Ended { get; }

    /// <summary>How far it is; null at the source.</summary>
    CopyProgress? Progress { get; }

    /// <summary>Begins.</summary>
    void Start();

    /// <summary>Takes a message with its memory, in the order of arrival; for one caller. May wait, which holds the other end back.</summary>
    ValueTask TakeAsync(CopyPacket packet);
}
