using System.Collections.Immutable;
using Superfactory.Sync.Arithmetic;

namespace Superfactory.Sync.Merging.Rounds;

/// <summary>
/// What this island contributes to a round, encoded once and kept: whatever happens to trainer or peers, the same bytes are sent again.
/// </summary>
internal sealed class OwnContribution
{
    private readonly byte[][] _encoded;

    private OwnContribution(byte[][] encoded) => _encoded = encoded;

    /// <summary>Its header.</summary>
    public required ContributeMessage Header { get; init; }

    /// <summary>The trainer's own mean loss; null where it took no step.</summary>
    public required double? Loss { get; init; }

    /// <summary>A fragment's encoded bytes.</summary>
    public ReadOnlyMemory<byte> Encoded(int fragment) => _encoded[fragment];

    /// <summary>Encodes what the trainer gave.</summary>
    /// <param name="state">The model, and where the trainer's numbers lie.</param>
    /// <param name="given">What came of its steps.</param>
    /// <param name="reuse">A contribution whose memory may be overwritten: nobody waits for its bytes any more.</param>
    public static OwnContribution Encode(MergeState state, Contribution given, OwnContribution? reuse)
    {
        var plan = state.Plan!;
        var encoded = reuse?._encoded ?? [.. plan.Fragments.Select(fragment => new byte[state.Format.EncodedBytes(fragment.Count)])];
        var header = new ContributeMessage
        {
            Round = given.Round,
            BaseHash = state.Replica!.StateHash,
            Steps = given.Steps,
            Tokens = given.Steps > 0 ? given.Tokens : 0,
            LossSum = given.Steps > 0 ? given.LossSum : 0,
            Overflow = given.Steps > 0 && given.Overflow,
        };
        return new OwnContribution(encoded)
        {
            Header = RoundDecision.HasNumbers(header, state.Mode) ? Numbers(state, header, encoded) : header,
            Loss = given.Steps > 0 && given.Tokens > 0 ? given.LossSum / given.Tokens : null,
        };
    }

    private static ContributeMessage Numbers(MergeState state, ContributeMessage header, byte[][] encoded)
    {
        var plan = state.Plan!;
        var hashes = ImmutableArray.CreateBuilder<ulong>(plan.Fragments.Length);
        var (nonFinite, squares) = (0L, 0.0);
        foreach (var fragment in plan.Fragments)
        {
            var mine = state.Scratch(fragment.Count);
            fragment.Gather(state.Buffers!.Local.Span, mine);
            if (!state.EveryStep)
            {
                var rest = mine;
                foreach (var span in fragment.Spans)
                {
                    var part = rest[..span.Length];
                    VectorMath.Subtract(state.Replica!.Parameters.AsSpan(span.Offset, span.Length), part, part);
                    rest = rest[span.Length..];
                }
            }

            state.Format.Encode(mine, encoded[fragment.Index]);
            // Judged as the others will read it: rounding for the wire may overflow.
            state.Format.Decode(encoded[fragment.Index], mine);
            nonFinite += VectorMath.CountNonFinite(mine);
            squares += VectorMath.SumOfSquares(mine);
            hashes.Add(ContentHash.Of(encoded[fragment.Index]));
        }

        return header with { NonFinite = nonFinite, SquaredNorm = squares, FragmentHashes = nonFinite == 0 ? hashes.MoveToImmutable() : [] };
    }
}
