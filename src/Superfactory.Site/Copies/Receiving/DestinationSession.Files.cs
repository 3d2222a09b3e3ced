using System.Threading.Channels;
using Superfactory.Site.Copies.Files;
using Superfactory.Site.Copies.Wire;
using Superfactory.Wan;

namespace Superfactory.Site.Copies.Receiving;

/// <summary>What is done with files: asked for by some threads, written by others.</summary>
internal sealed partial class DestinationSession
{
    private async Task PrepareAsync(ChannelReader<IncomingFile> files, bool takePlaces)
    {
        var batch = new RequestBatch(message => SendAsync(MessageOrder.Ordered, message), _asked, Stop);
        while (true)
        {
            if (!files.TryRead(out var file))
            {
                await batch.FlushAsync();
                file = await files.ReadAsync(Stop);
            }

            if (takePlaces && file.Plan.Count > 1)
            {
                if (!_large.Wait(0, Stop))
                {
                    await batch.FlushAsync();
                    await _large.WaitAsync(Stop);
                }

                file.HasPlace = true;
            }

            try
            {
                file.Prepare(FileStatus.Of(file.Path, follow: false));
                await batch.AskAsync(file);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new CopyFault(Describe(exception, file.Path), exception);
            }
        }
    }

    private async Task WriteAsync()
    {
        while (true)
        {
            var packet = await _toWrite.Reader.ReadAsync(Stop);
            try
            {
                TakeAnswers(packet.Message.Span);
            }
            finally
            {
                packet.Release();
            }

            await SayAsync();
        }
    }

    private void TakeAnswers(ReadOnlySpan<byte> message)
    {
        var reader = new CopyReader(message);
        while (!reader.IsAtEnd)
        {
            var head = reader.Answer();
            var hash = head.Kind == AnswerKind.Data ? reader.Hash() : default;
            var bytes = head.Kind == AnswerKind.Data ? reader.Take(head.Count) : default;
            var status = head.Kind == AnswerKind.Changed ? reader.Status() : default;
            if (_files.GetValueOrDefault(head.File) is not { } file)
            {
                // Of an attempt that is over: one reader of the source may be slower than another that said so.
                continue;
            }

            if (head.Kind == AnswerKind.Data && !ChunkHash.Of(bytes).Equals(hash))
            {
                throw new CopyFault($"Chunk {head.First} of {file.Path} arrived at site {_place.Site} other than it was read. Copy again; if this comes back, look at the memory of both machines.");
            }

            try
            {
                lock (file.Gate)
                {
                    if (head.Attempt == file.Attempt)
                    {
                        Take(file, head, bytes, status);
                    }
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new CopyFault(Describe(exception, file.Path), exception);
            }
        }
    }

    private void Take(IncomingFile file, AnswerHead head, ReadOnlySpan<byte> bytes, FileStatus status)
    {
        if (head.Kind == AnswerKind.Changed)
        {
            Restart(file, status);
            return;
        }

        var whole = head.Kind switch
        {
            AnswerKind.Unchanged => file.Unchanged(),
            AnswerKind.Data when file.Plan.Holds(head.First, 1) && bytes.Length == file.Plan.Length(head.First) => Write(file, head.First, bytes),
            AnswerKind.Same when file.Plan.Holds(head.First, head.Count) => Keep(file, head) && file.Keep(head.First, head.Count),
            AnswerKind.Zeros when file.Plan.Holds(head.First, head.Count) => Keep(file, head) && file.WriteZeros(head.First, head.Count),
            _ => throw new CopyProtocolException($"A source does not answer {head.Kind} for chunks from {head.First} on, {head.Count}."),
        };
        if (whole)
        {
            Complete(file);
        }
    }

    private bool Write(IncomingFile file, long chunk, ReadOnlySpan<byte> bytes)
    {
        Release(_asked, file.Repay(chunk, 1));
        _meter.Took(bytes.Length, sent: true);
        return file.Write(chunk, bytes);
    }

    /// <summary>Counts chunks that were not sent.</summary>
    private bool Keep(IncomingFile file, AnswerHead head)
    {
        Release(_asked, file.Repay(head.First, head.Count));
        _meter.Took(file.Plan.Length(head.First, head.Count), sent: false);
        return true;
    }

    private void Complete(IncomingFile file)
    {
        file.Complete(_tree!.IsWrittenOut(file.Path));
        _files.TryRemove(file.Id, out _);
        Leave(file);
        _meter.Finished();
        Finished();
    }

    /// <summary>The source changed while it was read: what has arrived is compared with it as it is now.</summary>
    private void Restart(IncomingFile file, FileStatus status)
    {
        if (file.Attempt >= CopyLimits.AttemptsMax)
        {
            throw new CopyFault($"The source of {file.Path} changed each of the {CopyLimits.AttemptsMax} times that it was copied. Copy again when nothing writes to it.");
        }

        _meter.Lost(file.BytesTaken);
        Release(_asked, file.RepayAll());
        file.Restart(status);
        if (status.Size > 0)
        {
            _toRepeat.Writer.TryWrite(file);
            return;
        }

        file.Prepare(FileStatus.Of(file.Path, follow: false));
        Complete(file);
    }

    private void Leave(IncomingFile file)
    {
        Release(_asked, file.RepayAll());
        if (file.HasPlace)
        {
            file.HasPlace = false;
            _large.Release();
        }
    }

    private static void Release(SemaphoreSlim semaphore, int count)
    {
        if (count > 0)
        {
            semaphore.Release(count);
        }
    }
}
