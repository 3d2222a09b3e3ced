using System.Runtime.InteropServices;
using Superfactory.Model.Jobs;
using Superfactory.Sync.Arithmetic;
using Superfactory.Sync.Arithmetic.Formats;
using Superfactory.Sync.Fragments;

namespace Superfactory.Sync.Merging.Rounds;

/// <summary>
/// What this island contributes to a round. A chunk is encoded when it is first needed, once: whatever happens to trainer or peers, the
/// same bytes are sent again. Gradients in fp32 are not encoded at all: they stay where the trainer wrote them.
/// </summary>
internal sealed class OwnContribution
{
    private readonly MergeState _state;
    private readonly FragmentPlan _plan;
    private readonly byte[]?[] _encoded;
    private readonly ChunkSet _done;
    private readonly float[]? _base;
    private readonly ContributionNorms _norms;
    private Memory<float> _local;

    /// <summary>Takes what the trainer gave: one pass that reads its numbers, for the header, unless norms follow.</summary>
    /// <param name="state">The model, and where the trainer's numbers lie.</param>
    /// <param name="given">What came of its steps.</param>
    /// <param name="encoded">Memory for its bytes, from the contribution before it to the same part.</param>
    /// <param name="normsMayFollow">Whether its chunks can be sent at once, and what they hold be said after them.</param>
    public OwnContribution(MergeState state, SpanContribution given, EncodedChunks encoded, bool normsMayFollow)
    {
        (_state, _plan) = (state, state.Plan!);
        _norms = new ContributionNorms(_plan);
        _local = state.Buffers!.Local;
        _base = state.EveryStep ? null : state.Replica!.Parameters;
        (_encoded, _done) = (encoded.Bytes, encoded.Done);
        _done.Clear();
        Bare = _base is null && state.Format.Format == NumberFormat.Fp32;
        var taken = given.Taken;
        Loss = taken.Steps > 0 && taken.Tokens > 0 ? taken.LossSum / taken.Tokens : null;
        var header = new ContributeMessage
        {
            Round = taken.Round,
            Mode = state.Mode,
            BaseHash = state.Replica!.StateHash,
            ParametersHash = given.Taken.ParametersHash,
            Steps = taken.Steps,
            Tokens = taken.Steps > 0 ? taken.Tokens : 0,
            LossSum = taken.Steps > 0 ? taken.LossSum : 0,
            Overflow = taken.Steps > 0 && taken.Overflow,
            SpanSteps = given.Steps,
            SpanTokens = given.Tokens,
            Afresh = given.Afresh,
        };
        Header = header with { NormsFollow = RoundDecision.HasNumbers(header, state.Mode) };
        if (Header.NormsFollow && !(normsMayFollow && Bare))
        {
            Complete();
        }
    }

    /// <summary>
    /// Its header: the island's, where <see cref="IsHeaded"/>; before that, where the model has several lanes, of this lane alone. Where norms
    /// follow it is completed by <see cref="Complete"/>.
    /// </summary>
    public ContributeMessage Header { get; private set; }

    /// <summary>Whether the header is the island's, so that the others may have it.</summary>
    public bool IsHeaded { get; private set; }

    /// <summary>The trainer's own mean loss; null where it took no step.</summary>
    public double? Loss { get; }

    /// <summary>Whether it has chunks.</summary>
    public bool HasNumbers => Header.HasChunks;

    /// <summary>Whether its chunks are the trainer's own numbers.</summary>
    public bool Bare { get; }

    /// <summary>All lanes of the island have contributed.</summary>
    public void Head(ContributeMessage header) => (Header, IsHeaded) = (header, true);

    /// <summary>
    /// A chunk is about to be sent: where norms follow it is read, which takes little, for its numbers are copied from the processor's cache
    /// then, and not from memory. Where the peer is near it is read once less: as it is merged.
    /// </summary>
    /// <returns>False where it has numbers that are not finite, so that none of it is merged.</returns>
    public bool TryRead(int chunk)
    {
        if (!Header.NormsFollow || _state.Configuration.IsNear || _norms.Has(chunk))
        {
            return true;
        }

        var numbers = Measure(chunk);
        _norms.Take(chunk, numbers);
        return numbers.NonFinite == 0;
    }

    /// <summary>A chunk was read as it was merged: where norms follow and it was not read before, that is what it holds.</summary>
    public void Read(int chunk, HeaderNumbers numbers)
    {
        if (Header.NormsFollow)
        {
            _norms.Take(chunk, numbers);
        }
    }

    /// <summary>Whether norms are still to follow, though every chunk was read.</summary>
    public bool IsAllRead => Header.NormsFollow && _norms.IsComplete;

    /// <summary>Reads what was not read, and completes the header.</summary>
    /// <returns>The header.</returns>
    public ContributeMessage Complete()
    {
        for (var chunk = 0; chunk < _plan.Chunks; chunk++)
        {
            if (!_norms.Has(chunk))
            {
                _norms.Take(chunk, Measure(chunk));
            }
        }

        return Header = _norms.Complete(Header);
    }

    /// <summary>A chunk's bytes, as they are sent.</summary>
    public ReadOnlyMemory<byte> Chunk(int chunk)
    {
        var span = _plan.SpanOf(chunk);
        return Bare ? new FloatBytes(_local.Slice(span.Offset, span.Length)).Memory : Encoded(chunk).AsMemory(0, _state.Format.EncodedBytes(span.Length));
    }

    /// <summary>A chunk's bytes, to be read at once.</summary>
    public ReadOnlySpan<byte> Bytes(int chunk)
    {
        var span = _plan.SpanOf(chunk);
        return Bare ? MemoryMarshal.AsBytes(_local.Span.Slice(span.Offset, span.Length)) : Encoded(chunk).AsSpan(0, _state.Format.EncodedBytes(span.Length));
    }

    /// <summary>
    /// The trainer is lost, and the next one will write to its memory: what is still to be sent from there is taken away. Chunks that the
    /// host was given already still lie there: until it has passed them on, see <see cref="MergeMachine.ReadsTrainerMemory"/>.
    /// </summary>
    public void Detach()
    {
        if (!HasNumbers)
        {
            return;
        }

        if (Bare)
        {
            _local = _local.ToArray();
            return;
        }

        for (var chunk = 0; chunk < _plan.Chunks; chunk++)
        {
            Encoded(chunk);
        }
    }

    private byte[] Encoded(int chunk)
    {
        var span = _plan.SpanOf(chunk);
        if (!_done.Add(chunk))
        {
            return _encoded[chunk]!;
        }

        // Chunks of an earlier contribution may still wait in the host, for an attempt that others have left behind: they keep their bytes.
        var room = _encoded[chunk];
        if (room is null || _state.IsRead(room))
        {
            room = _encoded[chunk] = GC.AllocateUninitializedArray<byte>(_state.Format.EncodedBytes(span.Length));
        }

        if (_base is not null && _state.Format.Format == NumberFormat.Fp32)
        {
            VectorMath.Subtract(_base.AsSpan(span.Offset, span.Length), _local.Span.Slice(span.Offset, span.Length), MemoryMarshal.Cast<byte, float>(room.AsSpan()));
        }
        else if (_state.Feedback is { } feedback)
        {
            feedback.Encode(_state.Format, chunk, span, Numbers(chunk), room);
        }
        else
        {
            _state.Format.Encode(Numbers(chunk), room);
        }

        return room;
    }

    /// <summary>A chunk's numbers before they are encoded; in memory that the next call uses again.</summary>
    private ReadOnlySpan<float> Numbers(int chunk)
    {
        var span = _plan.SpanOf(chunk);
        var given = _local.Span.Slice(span.Offset, span.Length);
        if (_base is null)
        {
            return given;
        }

        var difference = _state.Scratch(span.Length);
        VectorMath.Subtract(_base.AsSpan(span.Offset, span.Length), given, difference);
        return difference;
    }

    private HeaderNumbers Measure(int chunk) => _state.Feedback is { } feedback
        ? feedback.Measure(_state.Format, _plan.SpanOf(chunk), Numbers(chunk))
        : _state.Format.Measure(Numbers(chunk));
}
