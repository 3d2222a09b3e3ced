using System.Text.Json;
using System.Threading.Channels;
using Superfactory.Model;

namespace Superfactory.Sync.Bridge;

/// <summary>A bridge's commands on standard input and its events on standard output, as JSON lines.</summary>
internal sealed class StandardStreams
{
    /// <summary>Commands that may wait; whoever writes more waits.</summary>
    public const int CommandsMax = 64;

    /// <summary>The longest command in bytes: an epoch of 64 islands takes some 8 KiB.</summary>
    public const int CommandBytesMax = 1024 * 1024;

    private readonly Stream _output;
    private readonly Channel<BridgeCommand> _commands = Channel.CreateBounded<BridgeCommand>(CommandsMax);

    /// <summary>Commands and events of the given streams.</summary>
    public StandardStreams(Stream input, Stream output)
    {
        _output = output;
        _ = Task.Run(() => ReadAsync(input));
    }

    /// <summary>The commands; they end with the input, or at one that cannot be read.</summary>
    public ChannelReader<BridgeCommand> Commands => _commands.Reader;

    /// <summary>Writes an event as a line.</summary>
    public async ValueTask EmitAsync(BridgeEvent happened, CancellationToken cancellationToken)
    {
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(happened, FactoryJson.Options), (byte)'\n'];
        await _output.WriteAsync(line, cancellationToken);
        await _output.FlushAsync(cancellationToken);
    }

    private async Task ReadAsync(Stream input)
    {
        try
        {
            var complete = await LineReader.ReadAsync(input, CommandBytesMax, TakeAsync, CancellationToken.None);
            _commands.Writer.TryComplete(complete ? null : new InvalidDataException($"A command is longer than {CommandBytesMax} bytes."));
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            _commands.Writer.TryComplete(error is JsonException ? new InvalidDataException($"A command cannot be read: {error.Message}", error) : null);
        }
    }

    private async ValueTask<bool> TakeAsync(ReadOnlyMemory<byte> line)
    {
        if (JsonSerializer.Deserialize<BridgeCommand>(line.Span, FactoryJson.Options) is { } command)
        {
            await _commands.Writer.WriteAsync(command);
        }

        return true;
    }
}
