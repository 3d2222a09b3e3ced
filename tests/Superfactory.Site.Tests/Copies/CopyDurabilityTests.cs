using Superfactory.Site.Copies.Receiving;
using Superfactory.Site.Tests.Data;

namespace Superfactory.Site.Tests.Copies;

public sealed class CopyDurabilityTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly CopyDurability _durability = new();

    [Fact]
    public void Few_files_are_written_out_one_by_one_and_of_many_the_rest_at_the_end()
    {
        for (var index = 0; index < CopyDurability.OneByOneMax; index++)
        {
            _durability.Take(_directory.Combine($"{index}")).ShouldBeTrue();
        }

        _durability.Take(_directory.Combine("more")).ShouldBeFalse();
        _durability.Take(_directory.Combine("still more")).ShouldBeFalse();
        _durability.Finish(_directory.Combine("more"));
    }

    [Fact]
    public void Directories_are_written_out_however_many_there_are()
    {
        for (var index = 0; index < 3; index++)
        {
            _durability.TakeDirectory(Directory.CreateDirectory(_directory.Combine($"{index}")).FullName);
        }

        _durability.Finish(_directory.Combine("0"));
        for (var index = 0; index < 2 * CopyDurability.OneByOneMax; index++)
        {
            // Were they opened, they would not be found.
            _durability.TakeDirectory(_directory.Combine("missing", $"{index}"));
        }

        _durability.Finish(_directory.Combine("0"));
    }

    public void Dispose() => _directory.Dispose();
}
