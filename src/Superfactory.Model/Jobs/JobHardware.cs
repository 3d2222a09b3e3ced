using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Superfactory.Model.Fleet;

namespace Superfactory.Model.Jobs;

/// <summary>Which kinds of hardware a job takes: one, several in order of preference, or any but processors. Pure.</summary>
internal static class JobHardware
{
    /// <summary>The word for any kind but processors.</summary>
    public const string Any = "any";

    /// <summary>The kinds that a job accepts, the best first: of those that it names, or of all but processors where it names none, those with enough memory.</summary>
    public static ImmutableArray<string> Accepted(ImmutableArray<string> hardware, int memory) => hardware.Length == 1 && memory == 0 ? hardware
        : [.. HardwareCatalogue.All.Where(static kind => !kind.IsCpu).Select(static kind => kind.Name).Where(_ => hardware.IsEmpty).Concat(hardware).Where(name => HardwareCatalogue.Find(name)!.MemoryGigabytes >= memory)];

    /// <summary>Reads a word or a list of words; where they are none, says so.</summary>
    public static bool TryRead(JobNode node, JobField field, JobProblems problems, out object? value)
    {
        value = null;
        if (node is JobNode.Scalar { Text: Any })
        {
            value = ImmutableArray<string>.Empty;
            return true;
        }

        if (node is not JobNode.List list)
        {
            if (!JobScalars.TryChoice(node, field, problems, field.Path, out var one))
            {
                return false;
            }

            value = ImmutableArray.Create((string)one);
            return true;
        }

        if (list.Items.IsEmpty)
        {
            problems.AddExpected(node, field.Path, field.Expected, "Write any for any kind but processors.");
            return false;
        }

        var kinds = ImmutableArray.CreateBuilder<string>();
        for (var index = 0; index < list.Items.Length; index++)
        {
            var path = $"{field.Path}[{index}]";
            if (list.Items[index] is JobNode.Refused || !JobScalars.TryChoice(list.Items[index], field with { Kind = JobFieldKind.Choice }, problems, path, out var kind))
            {
                continue;
            }

            if (kinds.Contains((string)kind))
            {
                problems.Add(list.Items[index].Line, path, $"The kind '{kind}' stands in the list twice. Expected each kind once, the best first.");
            }

            kinds.Add((string)kind);
        }

        value = kinds.ToImmutable();
        return kinds.Count == list.Items.Length;
    }

    /// <summary>Adds that no kind which the job takes has the memory that it needs.</summary>
    public static void Check(JobValues values, JobProblems problems)
    {
        // A field that is there and not valid has its own problem.
        if ((values.IsPresent("hardware") && !values.TryGet<object>("hardware", out _)) || !values.TryGet<long>("memory", out var memory))
        {
            return;
        }

        var hardware = values.Get<ImmutableArray<string>>("hardware", [HardwareCatalogue.Cpu]);
        if (Accepted(hardware, (int)memory).IsEmpty)
        {
            var most = Accepted(hardware, 0).Select(static name => HardwareCatalogue.Find(name)!).MaxBy(static kind => kind.MemoryGigabytes)!;
            problems.Add(values.LineOf("memory"), "memory", $"No kind of hardware that the job takes has {memory} GB. Expected at most {most.MemoryGigabytes}, as {most.Name} has.");
        }
    }
}

/// <summary>Writes kinds of hardware as job files do: one as a word, several as a list, any as <c>any</c>. Safe to share between threads.</summary>
public sealed class HardwareJsonConverter : JsonConverter<ImmutableArray<string>>
{
    /// <inheritdoc/>
    public override ImmutableArray<string> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.GetString() is var word && word == JobHardware.Any ? [] : [Known(word)];
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException("Expected a kind of hardware, or a list of kinds.");
        }

        var kinds = ImmutableArray.CreateBuilder<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            kinds.Add(Known(reader.TokenType == JsonTokenType.String ? reader.GetString() : null));
        }

        return kinds.ToImmutable();
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, ImmutableArray<string> value, JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (value.Length <= 1)
        {
            writer.WriteStringValue(value.IsEmpty ? JobHardware.Any : value[0]);
            return;
        }

        writer.WriteStartArray();
        foreach (var kind in value)
        {
            writer.WriteStringValue(kind);
        }

        writer.WriteEndArray();
    }

    private static string Known(string? name) => name is not null && HardwareCatalogue.Find(name) is not null ? name : throw new JsonException($"There is no hardware '{name}'.");
}
