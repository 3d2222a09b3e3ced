using Superfactory.Sync.Merging.Wire;

namespace Superfactory.Sync.Merging.Defence;

/// <summary>
/// The norms of the last accepted contributions, fragment by fragment, over all islands: what a contribution's norm is compared with. Part of
/// what all islands remember alike, and changed by commits alone, so that every island judges alike whoever leads and whoever was started again.
/// </summary>
internal sealed class NormHistory
{
    /// <summary>Norms of a fragment that are remembered: 16. With fewer, nothing is compared.</summary>
    public const int Depth = 16;

    private double[] _norms = [];
    private long[] _taken = [];

    /// <summary>Fragments that anything is known of; 0 before the first contribution.</summary>
    public int Fragments => _taken.Length;

    /// <summary>Takes an accepted contribution. One of another number of fragments is of a model that is cut otherwise: what was known before is forgotten.</summary>
    /// <param name="squaredNorms">The squared norm of each fragment, finite.</param>
    public void Accept(ReadOnlySpan<double> squaredNorms)
    {
        if (squaredNorms.Length != Fragments)
        {
            (_norms, _taken) = (new double[squaredNorms.Length * Depth], new long[squaredNorms.Length]);
        }

        for (var fragment = 0; fragment < squaredNorms.Length; fragment++)
        {
            Accept(fragment, squaredNorms[fragment]);
        }
    }

    /// <summary>Takes the accepted norm of one fragment, of those that are known.</summary>
    public void Accept(int fragment, double squaredNorm)
    {
        _norms[(fragment * Depth) + (int)(_taken[fragment] % Depth)] = Math.Sqrt(squaredNorm);
        _taken[fragment]++;
    }

    /// <summary>The median of a fragment's last accepted norms: the mean of the two in the middle. Null with fewer than <see cref="Depth"/>.</summary>
    public double? Median(int fragment)
    {
        if (fragment >= Fragments || _taken[fragment] < Depth)
        {
            return null;
        }

        Span<double> sorted = stackalloc double[Depth];
        _norms.AsSpan(fragment * Depth, Depth).CopyTo(sorted);
        sorted.Sort();
        return (sorted[(Depth / 2) - 1] / 2) + (sorted[Depth / 2] / 2);
    }

    /// <summary>Whether a fragment's norm is over a multiple of the median. Where the median is 0 there is nothing to compare with.</summary>
    /// <param name="fragment">The fragment.</param>
    /// <param name="squaredNorm">The square of its norm.</param>
    /// <param name="multiple">The multiple; 0 refuses nothing.</param>
    public bool IsOver(int fragment, double squaredNorm, double multiple) =>
        multiple > 0 && Median(fragment) is { } median and > 0 && Math.Sqrt(squaredNorm) > multiple * median;

    /// <summary>The first fragment whose norm is over a multiple of the median; null where none is.</summary>
    public NormExcess? FindExcess(int island, ReadOnlySpan<double> squaredNorms, double multiple)
    {
        if (squaredNorms.Length != Fragments)
        {
            return null;
        }

        for (var fragment = 0; fragment < squaredNorms.Length; fragment++)
        {
            if (IsOver(fragment, squaredNorms[fragment], multiple))
            {
                return new NormExcess(island, fragment, Math.Sqrt(squaredNorms[fragment]), Median(fragment)!.Value);
            }
        }

        return null;
    }

    /// <summary>Writes it: equal histories give equal bytes.</summary>
    public void Write(WireWriter writer)
    {
        writer.Int32(Fragments);
        for (var fragment = 0; fragment < Fragments; fragment++)
        {
            var count = (int)Math.Min(_taken[fragment], Depth);
            writer.Byte((byte)count);
            for (var place = _taken[fragment] - count; place < _taken[fragment]; place++)
            {
                writer.Double(_norms[(fragment * Depth) + (int)(place % Depth)]);
            }
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote; the reader is broken where it is none.</summary>
    public static NormHistory Read(ref WireReader reader)
    {
        var history = new NormHistory();
        var fragments = reader.Int32(0, MergeLimits.FragmentsMax);
        if (!reader.Require(fragments <= reader.Remaining))
        {
            return history;
        }

        (history._norms, history._taken) = (new double[fragments * Depth], new long[fragments]);
        for (var fragment = 0; fragment < fragments; fragment++)
        {
            var count = reader.Byte();
            if (!reader.Require(count <= Depth))
            {
                break;
            }

            for (var place = 0; place < count; place++)
            {
                var norm = reader.Double();
                reader.Require(double.IsFinite(norm) && norm >= 0);
                history._norms[(fragment * Depth) + place] = norm;
            }

            history._taken[fragment] = count;
        }

        return history;
    }
}

/// <summary>A contribution's norm that is far over what was accepted before.</summary>
/// <param name="Island">Whose it is, by place.</param>
/// <param name="Fragment">The first fragment of which it is so.</param>
/// <param name="Norm">Its L2 norm there.</param>
/// <param name="Median">The median of the norms that were accepted before.</param>
internal readonly record struct NormExcess(int Island, int Fragment, double Norm, double Median);
