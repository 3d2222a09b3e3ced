namespace Superfactory.Scheduling.Pending;

/// <summary>Requests that ask for the same, whoever does and since when.</summary>
internal sealed class ShapeComparer : IEqualityComparer<GangRequest>
{
    public static readonly ShapeComparer Instance = new();

    /// <inheritdoc/>
    public bool Equals(GangRequest? x, GangRequest? y) => x is null || y is null ? ReferenceEquals(x, y) : x == y with { Job = x.Job, SubmittedMilliseconds = x.SubmittedMilliseconds };

    /// <summary>Of what differs most often, so that few have to be compared.</summary>
    public int GetHashCode(GangRequest obj) => HashCode.Combine(obj.Queue, obj.AcceleratorsPerIsland, obj.IslandsMax, obj.Priority, obj.DurationMilliseconds);
}
