using Microsoft.Win32.SafeHandles;
using Superfactory.Site.Copies.Files;
using Superfactory.Site.Copies.Wire;
using Superfactory.Site.Interop;

namespace Superfactory.Site.Copies.Sending;

/// <summary>Answers of one reader, gathered into messages: a large chunk goes by itself, small files by the hundred. For one reader.</summary>
/// <param name="send">Sends a message; its memory may be used again when it returns.</param>
/// <param name="forget">Called with a file of which everything is answered and which did not change.</param>
internal sealed class AnswerBatch(Func<ReadOnlyMemory<byte>, ValueTask> send, Action<SourceFile> forget)
{
    private readonly CopyWriter _writer = new CopyWriter(CopyLimits.MessageBytesMax).Start(CopyMessageType.Answers);
    private readonly byte[] _chunk = new byte[CopyLimits.ChunkBytes];

    /// <summary>Answers a slice.</summary>
    public async ValueTask AnswerAsync(ChunkSlice slice)
    {
        var file = slice.File;
        var plan = file.Plan;
        var run = new AnswerHead(AnswerKind.Same, file.Id, file.Attempt, slice.First, 0);
        if (file.Open() is { } handle)
        {
            for (var chunk = slice.First; chunk < slice.First + slice.Count; chunk++)
            {
                var kind = Read(handle, slice, plan, chunk, out var hash);
                if (kind is null)
                {
                    file.HasChanged();
                    break;
                }

                if (kind != run.Kind || run.Count == 0)
                {
                    await WriteAsync(run);
                    run = run with { Kind = kind.Value, First = chunk, Count = 0 };
                }

                run = run with { Count = run.Count + 1 };
                if (kind == AnswerKind.Data)
                {
                    await WriteAsync(run with { Count = plan.Length(chunk) }, hash);
                    run = run with { Count = 0 };
                }
            }
        }

        await WriteAsync(run);
        await EndAsync(slice);
    }

    /// <summary>Sends what has gathered.</summary>
    public async ValueTask FlushAsync()
    {
        if (_writer.Length > 1)
        {
            await send(_writer.Written);
            _writer.Start(CopyMessageType.Answers);
        }
    }

    /// <returns>What the chunk is; null where the file is shorter than it was.</returns>
    private AnswerKind? Read(SafeFileHandle handle, in ChunkSlice slice, ChunkPlan plan, long chunk, out ChunkHash hash)
    {
        hash = default;
        var offset = ChunkPlan.Offset(chunk);
        var bytes = _chunk.AsSpan(0, plan.Length(chunk));
        var isZeros = NativeFiles.NextData(handle, offset) >= offset + bytes.Length;
        if (!isZeros)
        {
            if (!ChunkFile.TryRead(handle, bytes, offset))
            {
                return null;
            }

            isZeros = ChunkHash.IsZeros(bytes);
        }

        var has = slice.HashOf(chunk);
        if (!isZeros || has is not null)
        {
            hash = isZeros ? ChunkHash.Zeros(bytes.Length) : ChunkHash.Of(bytes);
        }

        return has is { } held && held.Equals(hash) ? AnswerKind.Same : isZeros ? AnswerKind.Zeros : AnswerKind.Data;
    }

    private async ValueTask WriteAsync(AnswerHead head, ChunkHash hash = default)
    {
        if (head.Count == 0)
        {
            return;
        }

        var isData = head.Kind == AnswerKind.Data;
        await RoomAsync(AnswerHead.Bytes + (isData ? ChunkHash.Size + (int)head.Count : 0));
        _writer.Head(head);
        if (isData)
        {
            _writer.Hash(hash).Bytes(_chunk.AsSpan(0, (int)head.Count));
        }

        if (_writer.Length >= CopyLimits.AnswerBytesEnough)
        {
            await FlushAsync();
        }
    }

    /// <summary>Where all of a file is answered, says whether it stayed the same meanwhile.</summary>
    private async ValueTask EndAsync(ChunkSlice slice)
    {
        var attempt = slice.File.Attempt;
        var (all, changed) = slice.File.Answered(slice.Count);
        if (!all)
        {
            return;
        }

        await RoomAsync(AnswerHead.Bytes * 4);
        _writer.Head(new AnswerHead(changed is null ? AnswerKind.Unchanged : AnswerKind.Changed, slice.File.Id, attempt, 0, 0));
        if (changed is { } status)
        {
            _writer.Status(status);
        }
        else
        {
            forget(slice.File);
        }
    }

    private async ValueTask RoomAsync(int bytes)
    {
        if (_writer.Length + bytes > CopyLimits.MessageBytesMax)
        {
            await FlushAsync();
        }
    }
}
