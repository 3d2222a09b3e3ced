using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Superfactory.Sync.Merging.Dealing;

/// <summary>
/// Keeps the samples of one step over all islands where some are away (<c>sync.batch: keep</c>): those that are there take more batches of their
/// own size each. Pure: the same declarations and members give the same shares on every island.
/// </summary>
internal static class GlobalBatch
{
    /// <summary>The samples that each island takes in a turn: a multiple of its own batch; 0 of an island that takes no turns.</summary>
    /// <param name="declared">The batch that each island declared, by place; 0 of one that has not.</param>
    /// <param name="takers">Who takes turns, by place.</param>
    public static ImmutableArray<int> Keep(ImmutableArray<int> declared, ulong takers)
    {
        var shares = new int[declared.Length];
        var left = 0L;
        for (var island = 0; island < shares.Length; island++)
        {
            var takes = (takers >> island & 1) != 0;
            shares[island] = takes ? declared[island] : 0;
            left += takes ? 0 : declared[island];
        }

        // To whom it adds least to what he has already, batch by batch, as long as a whole one fits.
        while (Next(declared, shares, left) is { } next)
        {
            shares[next] += declared[next];
            left -= declared[next];
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(shares);
    }

    private static int? Next(ImmutableArray<int> declared, int[] shares, long left)
    {
        int? next = null;
        for (var island = 0; island < shares.Length; island++)
        {
            if (shares[island] > 0 && declared[island] <= left && (next is not { } best || shares[island] / declared[island] < shares[best] / declared[best]))
            {
                next = island;
            }
        }

        return next;
    }
}
