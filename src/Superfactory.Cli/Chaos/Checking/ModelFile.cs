using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Superfactory.Cli.Chaos.Checking;

/// <summary>Reads a saved model by its own means: that it is whole, and the hash of its tensors as <c>docs/trainer-protocol.md</c> states it.</summary>
internal static class ModelFile
{
    /// <summary>The longest header that is read; a model with 100,000 tensors has one of 10 MB.</summary>
    private const long HeaderBytesMax = 16 * 1024 * 1024;

    /// <summary>The hash of a <c>model.safetensors</c>.</summary>
    /// <returns>The hash in hexadecimal, or a sentence that says what is wrong with the file.</returns>
    public static (string? Hash, string? Problem) Hash(string file)
    {
        if (!File.Exists(file))
        {
            return (null, $"There is no {file}.");
        }

        var bytes = File.ReadAllBytes(file);
        var header = bytes.Length < 8 ? long.MaxValue : BinaryPrimitives.ReadInt64LittleEndian(bytes);
        if (header is < 2 or > HeaderBytesMax || 8 + header > bytes.Length)
        {
            return (null, $"{file} is no whole safetensors file: {bytes.Length} bytes.");
        }

        using var names = JsonDocument.Parse(bytes.AsMemory(8, (int)header));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var end = 0L;
        foreach (var tensor in names.RootElement.EnumerateObject().Where(static tensor => tensor.Name != "__metadata__").OrderBy(static tensor => tensor.Name, StringComparer.Ordinal))
        {
            var (start, stop) = (tensor.Value.GetProperty("data_offsets")[0].GetInt64(), tensor.Value.GetProperty("data_offsets")[1].GetInt64());
            if (8 + header + stop > bytes.Length)
            {
                return (null, $"{file} is cut short: its tensor {tensor.Name} ends at byte {8 + header + stop} of {bytes.Length}.");
            }

            end = Math.Max(end, stop);
            var shape = string.Join(',', tensor.Value.GetProperty("shape").EnumerateArray().Select(static size => size.GetInt64().ToString(CultureInfo.InvariantCulture)));
            var type = tensor.Value.GetProperty("dtype").GetString() is "F32" ? "float32" : tensor.Value.GetProperty("dtype").GetString();
            hash.AppendData(Encoding.UTF8.GetBytes($"{tensor.Name}\0{type}\0{shape}\0"));
            hash.AppendData(bytes, (int)(8 + header + start), (int)(stop - start));
        }

        return 8 + header + end == bytes.Length
            ? (Convert.ToHexStringLower(hash.GetHashAndReset()), null)
            : (null, $"{file} has {bytes.Length - 8 - header - end} bytes after its last tensor.");
    }
}
