using System.Collections.Immutable;
using Superfactory.Control.Telemetry;
using Superfactory.Core;
using Superfactory.Model.Copies;

namespace Superfactory.Control.Reading;

/// <summary>Makes what the API shows of copies. Waits for nobody; safe to use from any thread.</summary>
internal sealed class CopyViews(CopyBoard board, TimeProvider time)
{
    /// <summary>All copies that are kept, by number.</summary>
    public ImmutableArray<CopyView> All(FactoryState state) => [.. state.Copies.Values.Select(copy => Of(state, copy))];

    public CopyView Of(FactoryState state, FactoryCopy copy)
    {
        var (standing, reason) = copy.End is { } end ? (end.State, end.Reason) : Open(state, copy);
        return new CopyView
        {
            Id = copy.Id,
            Source = copy.Source,
            Destination = copy.Destination,
            State = standing,
            Reason = reason,
            RequestedUnixMilliseconds = copy.RequestedAt,
            EndedUnixMilliseconds = copy.End?.At,
            Progress = copy.End is null ? board.Find(copy.Id, CopyRole.Destination)?.Progress : copy.End.Progress,
        };
    }

    private (CopyState State, string Reason) Open(FactoryState state, FactoryCopy copy)
    {
        if (CopyReader.WaitsFor(state, copy, time.GetUtcNow().ToUnixTimeMilliseconds()) is { } waits)
        {
            return (CopyState.Waiting, waits);
        }

        var (source, destination) = (board.Find(copy.Id, CopyRole.Source), board.Find(copy.Id, CopyRole.Destination));
        return destination?.Phase == CopyPhase.Running
            ? (CopyState.Running, "It goes on.")
            : (CopyState.Waiting, destination?.Reason ?? source?.Reason ?? "Its sites are about to begin.");
    }
}
