using System.Collections.Immutable;
using Superfactory.Model.Fleet;

namespace Superfactory.Scheduling.Tests;

/// <summary>What one island of a running job, or one gang of a role, was to be; worked out from the request alone.</summary>
internal sealed record Shape(int Accelerators, ImmutableArray<string> Hardware, Within Within, int PeakThousandths, ImmutableArray<string> Sites)
{
    /// <summary>The fewest accelerators that it may have; where it has no range as many as the most.</summary>
    public int Least { get; init; } = Accelerators;
}

/// <summary>The shapes of a job: its islands come first, then the gangs of its roles, one role after the other.</summary>
internal static class Shapes
{
    public static int OwnIslands(RunningJob job) => job.Slices.Select(slice => slice.Island).Distinct().Count() - job.Request.Roles.Sum(role => role.Count);

    public static Shape Of(RunningJob job, int island)
    {
        var request = job.Request;
        var gang = island - OwnIslands(job);
        foreach (var role in request.Roles)
        {
            if (gang >= 0 && gang < role.Count)
            {
                return new Shape(role.Accelerators, role.Hardware, role.Within, role.PeakThousandths, role.Sites);
            }

            gang -= role.Count;
        }

        return new Shape(request.AcceleratorsPerIsland, request.Hardware, request.Within, request.PeakThousandths, request.Sites) { Least = request.AcceleratorsMin == 0 ? request.AcceleratorsPerIsland : request.AcceleratorsMin };
    }
}
